//! `history`: the switches that are over, the latest first.

use rollout::{Reason, Status, Switch, Time};

use crate::text::{
    Line, Paint,
    span::{fine, short},
    table::{Cell, table},
};

/// The last ten switches as a table.
#[must_use]
pub fn history(status: &Status, now: Time, width: usize) -> Vec<Line> {
    let rows: Vec<_> = status.history.iter().map(|switch| row(switch, now)).collect();
    table(&["AGO", "FROM", "TO", "OUTCOME", "TOOK", "IMAGES"], &rows, width)
}

fn row(switch: &Switch, now: Time) -> Vec<Cell> {
    let stayed = switch.outcome == Reason::Switched;
    let outcome = if stayed { switch.outcome.to_string() } else { format!("back: {}", switch.outcome) };
    let took = switch.began.map_or_else(|| "-".to_owned(), |began| fine(switch.ended.since(began)));
    vec![
        (Paint::Plain, short(now.since(switch.ended))),
        (switch.from.into(), switch.from.to_string()),
        (switch.to.into(), switch.to.to_string()),
        (if stayed { Paint::Good } else { Paint::Bad }, outcome),
        (Paint::Plain, took),
        (Paint::Plain, switch.images.join(", ")),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{in_readme, now, plain, shop};

    #[test]
    fn the_latest_switch_comes_first_and_what_went_back_says_why() {
        let object = shop(
            "green",
            json!({"history": [
                {"from": "blue", "to": "green", "images": ["shop/ordering:1.5", "shop/billing:2.1"], "began": "2026-11-28T11:50:00Z", "ended": "2026-11-28T11:51:12Z", "outcome": "Switched"},
                {"from": "blue", "to": "green", "images": ["shop/ordering:1.5-rc1", "shop/billing:2.1"], "began": "2026-11-28T09:00:00Z", "ended": "2026-11-28T09:00:01.250Z", "outcome": "Broken"},
            ]}),
        );
        in_readme(&plain(&history(&object.status.unwrap(), now(), 100)));
    }
}
