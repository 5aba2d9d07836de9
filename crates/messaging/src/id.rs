//! Ids of messages that are made by a reaction to another message.

use uuid::Uuid;

/// The id of the `n`th message that `consumer` makes in reaction to `causing_id`.
///
/// A reaction that is repeated makes the same ids, so that whoever hears of it twice can tell. It is the UUID of
/// version 5 whose namespace is the causing id and whose name is `{consumer}/{n}`.
#[must_use]
pub fn derived_id(consumer: &str, causing_id: Uuid, n: u32) -> Uuid {
    Uuid::new_v5(&causing_id, format!("{consumer}/{n}").as_bytes())
}

#[cfg(test)]
mod tests {
    use uuid::uuid;

    use super::*;

    #[test]
    fn a_reaction_repeated_makes_the_same_ids() {
        let cause = uuid!("0198c5b2-7d4e-7c3a-9b1f-2d6e8f0a1b2c");
        // Computed by an independent implementation.
        assert_eq!(derived_id("warehouse", cause, 0), uuid!("4f59c2f5-b275-5b11-b7fd-68bd9da10561"));
        assert_eq!(derived_id("warehouse", cause, 1), uuid!("0df935f3-2903-5088-bd85-41a7c371e8e3"));
        assert_eq!(derived_id("ordering", cause, 0), uuid!("2c72ceae-07cf-573d-9a92-e9a8634a6d6d"));
    }
}
