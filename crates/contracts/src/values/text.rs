//! Short texts with a form of their own.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Invalid;

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $valid:expr, $rule:literal, example = $example:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schema(value_type = String, example = $example)]
        pub struct $name(Box<str>);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) { Ok(Self(text.into())) } else { Err(Invalid::new($rule)) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = Invalid;

            fn try_from(text: String) -> Result<Self, Invalid> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0.into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text!(
    /// The name of a person or a product: 1 to 200 characters, none of them a control character, not only blanks.
    Name,
    |text| (1..=200).contains(&text.chars().count())
        && !text.trim().is_empty()
        && !text.chars().any(char::is_control),
    "a name has 1 to 200 characters, no control characters, and not only blanks",
    example = "Ada Lovelace"
);

text!(
    /// An address for mail. The form is checked as far as it protects the systems behind it; whether somebody reads
    /// the mail, only the mail can tell.
    Email,
    |text| text.len() <= 254
        && text.chars().all(|c| c.is_ascii_graphic())
        && text.split_once('@').is_some_and(|(local, host)| {
            (1..=64).contains(&local.len())
                && !host.contains('@')
                && host.contains('.')
                && host.split('.').all(|label| {
                    !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
                })
        }),
    "an email address looks like ada@example.org",
    example = "ada@example.org"
);

text!(
    /// A stock-keeping unit: 1 to 64 letters, digits, dots, dashes and underscores.
    Sku,
    |text| (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')),
    "a sku has 1 to 64 letters, digits, dots, dashes and underscores",
    example = "TEA-100"
);

text!(
    /// What a client calls an order in its own books: 1 to 100 visible ASCII characters.
    Reference,
    |text| (1..=100).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()),
    "a reference has 1 to 100 visible ASCII characters and no blanks",
    example = "web-4711"
);

// What identifies a person stays out of logs, which print values with `Debug`; skus and references do not.
macro_rules! debug {
    ($name:ident, redacted) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
    ($name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

debug!(Name, redacted);
debug!(Email, redacted);
debug!(Sku);
debug!(Reference);
