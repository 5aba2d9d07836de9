//! Names of streams.

use std::fmt;
use std::str::FromStr;

/// The name of a stream: `order-0198c5b2-7d4e-7c3a-9b1f-2d6e8f0a1b2c` is of the category `order`.
///
/// The category is what kind of thing the stream is about: 1 to 32 of `a`–`z`, `0`–`9` and `_`, beginning with a letter.
/// After the first dash comes the id: 1 to 128 letters, digits, dots, dashes, underscores and colons, all of them ASCII.
/// It is no place for personal data: names stand in logs and errors, and are never erased.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamName {
    text: Box<str>,
    dash: u8,
}

/// A text that is not the name of a stream, or of a category.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a stream is called `category-id`: {rule}")]
pub struct InvalidName {
    rule: &'static str,
}

/// The longest category, in bytes.
pub const MAX_CATEGORY: usize = 32;

/// The longest id, in bytes.
pub const MAX_ID: usize = 128;

impl StreamName {
    /// The stream of `id` in `category`.
    ///
    /// # Errors
    /// One of them is not as it should be.
    pub fn new(category: &str, id: &str) -> Result<Self, InvalidName> {
        check_category(category)?;
        check_id(id)?;
        let dash = u8::try_from(category.len()).map_err(|_| TOO_LONG)?;
        Ok(Self { text: format!("{category}-{id}").into(), dash })
    }

    /// What kind of thing it is about.
    #[must_use]
    pub fn category(&self) -> &str {
        &self.text[..usize::from(self.dash)]
    }

    /// Which one it is about.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.text[usize::from(self.dash) + 1..]
    }

    /// The whole name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The virtual partition of its id: the same as that of a message about it.
    #[must_use]
    pub fn partition(&self) -> u8 {
        partition::partition(self.id())
    }
}

impl FromStr for StreamName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let (category, id) = text.split_once('-').ok_or(InvalidName { rule: "there is no dash" })?;
        Self::new(category, id)
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

const TOO_LONG: InvalidName = InvalidName { rule: "a category has at most 32 bytes" };

pub(crate) fn check_category(category: &str) -> Result<(), InvalidName> {
    if category.len() > MAX_CATEGORY {
        return Err(TOO_LONG);
    }
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if !category.starts_with(|first: char| first.is_ascii_lowercase()) || !category.bytes().all(allowed) {
        return Err(InvalidName {
            rule: "a category is made of a-z, 0-9 and underscores, and begins with a letter",
        });
    }
    Ok(())
}

fn check_id(id: &str) -> Result<(), InvalidName> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':');
    if id.is_empty() || id.len() > MAX_ID || !id.bytes().all(allowed) {
        return Err(InvalidName {
            rule: "an id has 1 to 128 ASCII letters, digits, dots, dashes, underscores and colons",
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_taken_apart_at_its_first_dash() {
        let name: StreamName = "order-0198c5b2-7d4e".parse().unwrap();
        assert_eq!((name.category(), name.id()), ("order", "0198c5b2-7d4e"));
        assert_eq!(name.partition(), partition::partition("0198c5b2-7d4e"));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = format!("{}-1", "a".repeat(33));
        let long_id = format!("a-{}", "1".repeat(129));
        for text in [
            "",
            "order",
            "-1",
            "order-",
            "Order-1",
            "1-1",
            "ör-1",
            "order-a b",
            "order-\u{e9}",
            &long,
            &long_id,
        ] {
            assert!(text.parse::<StreamName>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_taken_is_told_again(category in "[a-z][a-z0-9_]{0,31}", id in "[A-Za-z0-9._:-]{1,128}") {
            let name = StreamName::new(&category, &id).unwrap();
            prop_assert_eq!(name.as_str().parse::<StreamName>().unwrap(), name.clone());
            prop_assert_eq!((name.category(), name.id()), (&*category, &*id));
        }
    }
}
