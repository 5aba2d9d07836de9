//! A rate limit with what its decisions need.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::Arc,
    time::Duration,
};

use super::{
    Key,
    gcra::{Cell, Quota, Standing},
    handle::{Counts, count},
    headers::Fields,
    table::{Table, Taken},
};
use crate::{Refused, Why, clock::Clock};

#[derive(Debug)]
pub(super) struct Shared<K, C> {
    pub(super) quota: Quota,
    /// The limit of all calls, where there are none by key.
    pub(super) one: Cell,
    /// The limits by key.
    pub(super) each: Option<Table>,
    pub(super) key: K,
    pub(super) hasher: RandomState,
    pub(super) clock: C,
    pub(super) fields: Option<Arc<Fields>>,
    pub(super) counts: Arc<Counts>,
}

impl<K, C: Clock> Shared<K, C> {
    /// Counts a call, and says where its key stands then; nothing of one that has no limit.
    #[inline]
    pub(super) fn take<Request>(&self, request: &Request) -> Result<Option<Standing>, Refused>
    where
        K: Key<Request>,
    {
        let now = || self.clock.now();
        let result = match &self.each {
            None => self.one.take(&self.quota, now()),
            Some(table) => {
                let mut hasher = self.hasher.build_hasher();
                if !self.key.hash(request, &mut hasher) {
                    count(&self.counts.exempt);
                    return Ok(None);
                }
                let Taken { result, crowded } = table.take(hasher.finish(), &self.quota, now());
                if crowded {
                    count(&self.counts.crowded);
                }
                result
            }
        };
        result.map(Some).map_err(|wait| self.refuse(wait))
    }

    #[cold]
    fn refuse(&self, wait: u64) -> Refused {
        count(&self.counts.refused);
        let mut refused = Refused::new(Why::RateLimited, Some(Duration::from_nanos(wait)));
        if let Some(fields) = &self.fields {
            refused.tell(|headers| fields.add_to_refusal(headers, wait));
        }
        refused
    }
}
