//! How far a log is settled whose positions are drawn before they are committed.

use std::collections::BTreeSet;

/// What a database tells of writers that are under way. Each answer comes from a statement of its own.
///
/// A writer makes itself known as a holder *before* it draws a position, and is one until what it wrote is visible to
/// all, or will never be.
pub trait Fence {
    /// What tells one holder from all others, past ones included.
    type Holder: Ord;
    /// Why it cannot tell.
    type Error;

    /// The highest position that was drawn.
    fn last_drawn(&mut self) -> impl Future<Output = Result<u64, Self::Error>> + Send;

    /// Who holds.
    fn holders(&mut self) -> impl Future<Output = Result<BTreeSet<Self::Holder>, Self::Error>> + Send;
}

/// The holders-gone watermark.
///
/// It notes the highest position that was drawn, L, and then, in a later statement, who holds. Whoever drew a position up
/// to L was a holder before, so he is among them or has ended. When the last of them is gone, the log is settled up to L.
/// Gaps that were rolled back need no time limit, and transactions that append nothing hold up nobody.
#[derive(Clone, Debug)]
pub struct Watermark<H> {
    settled: u64,
    waiting: Option<Waiting<H>>,
}

#[derive(Clone, Debug)]
struct Waiting<H> {
    drawn: u64,
    holders: BTreeSet<H>,
}

impl<H> Default for Watermark<H> {
    fn default() -> Self {
        Self { settled: 0, waiting: None }
    }
}

impl<H: Ord> Watermark<H> {
    /// Looks once, without waiting for anybody, and tells how far the log is settled.
    ///
    /// # Errors
    /// The fence's.
    pub async fn look<F: Fence<Holder = H>>(&mut self, fence: &mut F) -> Result<u64, F::Error> {
        let waiting = match self.waiting.take() {
            Some(mut waiting) => {
                let holding = fence.holders().await?;
                waiting.holders.retain(|holder| holding.contains(holder));
                waiting
            }
            None => {
                let drawn = fence.last_drawn().await?;
                if drawn == self.settled {
                    return Ok(drawn);
                }
                Waiting { drawn, holders: fence.holders().await? }
            }
        };
        if waiting.holders.is_empty() {
            self.settled = self.settled.max(waiting.drawn);
        } else {
            self.waiting = Some(waiting);
        }
        Ok(self.settled)
    }

    /// Who is waited for.
    pub fn held_by(&self) -> impl Iterator<Item = &H> {
        self.waiting.iter().flat_map(|waiting| &waiting.holders)
    }
}
