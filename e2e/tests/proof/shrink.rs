//! Making a workload that fails smaller, as long as it still fails.

use serde_json::Value;

use crate::generate::Lines;

/// How often it is tried to make a workload smaller.
const TRIES: usize = 200;

/// The smallest workload that was found to fail still: without lines, and without fields of orders, that do not matter to it.
///
/// Greedy: what could be left out is left out, until nothing can be. A workload that makes no sense fails in no way.
pub(crate) async fn smallest(lines: Lines, mut fails: impl AsyncFnMut(&[Value]) -> bool) -> Lines {
    let (mut smallest, mut tries) = (lines, 0);
    loop {
        let mut smaller = None;
        for candidate in candidates(&smallest) {
            if tries == TRIES {
                return smallest;
            }
            tries += 1;
            if fails(&candidate).await {
                smaller = Some(candidate);
                break;
            }
        }
        match smaller {
            Some(smaller) => smallest = smaller,
            None => return smallest,
        }
    }
}

/// What is a little smaller: the largest pieces that can be left out first.
fn candidates(lines: &[Value]) -> Vec<Lines> {
    let mut candidates = Vec::new();
    let mut size = lines.len() / 2;
    while size > 0 {
        for from in (0..lines.len()).step_by(size) {
            let to = (from + size).min(lines.len());
            candidates.push([&lines[..from], &lines[to..]].concat());
        }
        size /= 2;
    }
    for (number, line) in lines.iter().enumerate() {
        for smaller in smaller_orders(line) {
            let mut lines = lines.to_vec();
            lines[number] = smaller;
            candidates.push(lines);
        }
    }
    candidates
}

/// The same order without one of its fields, or without one of its items.
fn smaller_orders(line: &Value) -> Vec<Value> {
    let Some(order) = line.get("order").and_then(Value::as_object) else { return vec![] };
    let mut smaller = Vec::new();
    for optional in ["changes", "carrier", "payment", "cancel_at", "pay_later"] {
        if order.contains_key(optional) {
            let mut line = line.clone();
            line["order"].as_object_mut().unwrap().remove(optional);
            smaller.push(line);
        }
    }
    for item in 0..order["items"].as_array().map_or(0, Vec::len) {
        let mut line = line.clone();
        line["order"]["items"].as_array_mut().unwrap().remove(item);
        smaller.push(line);
    }
    smaller
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::generate;

    #[tokio::test]
    async fn what_does_not_matter_to_a_failure_is_left_out() {
        let lines = generate::lines(7, generate::Kind::Sequential);
        let order = |line: &Value| line.get("order").is_some();
        assert!(lines.iter().filter(|line| order(line)).count() > 2, "{lines:?}");
        let smallest = smallest(lines, async |lines| lines.iter().any(order)).await;
        let [left] = &smallest[..] else { panic!("{smallest:?}") };
        assert_eq!(left["order"]["items"], json!([]), "{left}");
    }
}
