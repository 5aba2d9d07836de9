//! `[WORKLOAD/]CONTAINER=IMAGE`.

use std::{fmt, str::FromStr};

/// A container, and the image that it gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The workload, if it was named.
    pub workload: Option<String>,
    /// The container.
    pub container: String,
    /// The image.
    pub image: String,
}

/// What a text lacks to be an [`Assignment`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not of the form [WORKLOAD/]CONTAINER=IMAGE")]
pub struct InvalidAssignment(String);

impl FromStr for Assignment {
    type Err = InvalidAssignment;

    fn from_str(text: &str) -> Result<Self, InvalidAssignment> {
        let invalid = || InvalidAssignment(text.to_owned());
        let (place, image) = text.split_once('=').ok_or_else(invalid)?;
        let (workload, container) = match place.split_once('/') {
            Some((workload, container)) => (Some(workload), container),
            None => (None, place),
        };
        let named = |name: &str| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        };
        let fits = named(container) && workload.is_none_or(named);
        if !fits || image.is_empty() || image.contains(char::is_whitespace) {
            return Err(invalid());
        }
        Ok(Self {
            workload: workload.map(str::to_owned),
            container: container.to_owned(),
            image: image.to_owned(),
        })
    }
}

impl fmt::Display for Assignment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(workload) = &self.workload {
            write!(formatter, "{workload}/")?;
        }
        write!(formatter, "{}={}", self.container, self.image)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_is_read_as_it_is_written() {
        for text in ["app=registry:5000/shop/app:1.5", "ordering/app=app@sha256:0a"] {
            assert_eq!(text.parse::<Assignment>().expect(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_assignment_is_refused_in_a_sentence() {
        for text in ["", "app", "app=", "=image", "a/b/c=image", "App=image", "app=two words"] {
            let refused = text.parse::<Assignment>().expect_err(text).to_string();
            assert!(refused.contains("is not of the form"), "{refused}");
        }
    }
}
