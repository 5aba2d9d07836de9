//! How far a group has come in the lanes of a topic.

use std::ops::Range;

use super::LANES;

/// Up to where a group has everything of some lanes behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Acked {
    pub(super) lanes: Range<u16>,
    pub(super) position: u64,
}

/// The position of each lane that the group is known in.
#[derive(Debug, Default)]
pub(super) struct Cursors([Option<u64>; LANES as usize]);

impl Cursors {
    /// As told by rows, each of some lanes.
    pub(super) fn of(rows: &[Acked]) -> Self {
        let mut cursors = Self::default();
        for Acked { lanes, position } in rows {
            cursors.lanes(lanes).for_each(|lane| *lane = Some(*position));
        }
        cursors
    }

    /// Where the group is in each of some lanes.
    pub(super) fn in_lanes(&self, lanes: Range<u16>) -> impl Iterator<Item = Option<u64>> {
        self.0.iter().copied().skip(usize::from(lanes.start)).take(lanes.len())
    }

    /// The group begins after `position` in those of the lanes that it is not known in.
    pub(super) fn begin(&mut self, lanes: Range<u16>, position: u64) {
        self.lanes(&lanes).for_each(|lane| *lane = lane.or(Some(position)));
    }

    /// Moves the group forward in those of the lanes that it is known in, never back.
    pub(super) fn advance(&mut self, Acked { lanes, position }: &Acked) {
        self.lanes(lanes).flatten().for_each(|lane| *lane = (*lane).max(*position));
    }

    /// As few rows as tell this, in the order of their lanes: those that stand beside each other and are equally far share one.
    pub(super) fn rows(&self) -> Vec<Acked> {
        let mut rows: Vec<Acked> = Vec::new();
        for (lane, position) in (0..).zip(self.0) {
            let Some(position) = position else { continue };
            match rows.last_mut() {
                Some(before) if before.lanes.end == lane && before.position == position => {
                    before.lanes.end += 1;
                }
                _ => rows.push(Acked { lanes: lane..lane + 1, position }),
            }
        }
        rows
    }

    fn lanes(&mut self, lanes: &Range<u16>) -> impl Iterator<Item = &mut Option<u64>> {
        self.0.iter_mut().skip(usize::from(lanes.start)).take(lanes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acked(lanes: Range<u16>, position: u64) -> Acked {
        Acked { lanes, position }
    }

    #[test]
    fn lanes_that_are_equally_far_share_a_row_and_others_do_not() {
        let mut cursors = Cursors::default();
        cursors.begin(0..LANES, 7);
        assert_eq!(cursors.rows(), [acked(0..16, 7)]);
        cursors.advance(&acked(4..6, 9));
        assert_eq!(cursors.rows(), [acked(0..4, 7), acked(4..6, 9), acked(6..16, 7)]);
        cursors.advance(&acked(0..16, 9));
        assert_eq!(cursors.rows(), [acked(0..16, 9)]);
    }

    #[test]
    fn a_group_never_goes_back_and_begins_where_it_is_not_known() {
        let mut cursors = Cursors::of(&[acked(0..8, 5)]);
        cursors.advance(&acked(0..16, 3));
        assert_eq!(cursors.rows(), [acked(0..8, 5)], "nor is it known by what it acknowledges");
        cursors.begin(4..12, 2);
        assert_eq!(cursors.rows(), [acked(0..8, 5), acked(8..12, 2)]);
        assert_eq!(
            cursors.in_lanes(7..13).collect::<Vec<_>>(),
            [Some(5), Some(2), Some(2), Some(2), Some(2), None]
        );
    }

    #[test]
    fn what_rows_tell_is_what_was_told_by_a_row_for_each_lane() {
        let told: Vec<Acked> = (0..LANES).map(|lane| acked(lane..lane + 1, u64::from(lane / 4))).collect();
        let rows = Cursors::of(&told).rows();
        assert_eq!(rows, [acked(0..4, 0), acked(4..8, 1), acked(8..12, 2), acked(12..16, 3)]);
        assert_eq!(Cursors::of(&rows).rows(), rows);
    }
}
