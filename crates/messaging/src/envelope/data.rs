//! The payload of a message: JSON that is carried as it is.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A payload: JSON text, byte for byte as its producer wrote it, read only by who understands it.
#[derive(Clone)]
pub struct Data(Box<RawValue>);

impl Data {
    /// The value as JSON.
    ///
    /// # Errors
    /// If the value cannot be written as JSON, such as a map whose keys are not strings.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(Self)
    }

    /// Text that is JSON already.
    ///
    /// # Errors
    /// If it is not.
    pub fn from_json(text: String) -> Result<Self, serde_json::Error> {
        RawValue::from_string(text).map(Self)
    }

    /// The value in it.
    ///
    /// # Errors
    /// If the JSON is of another shape.
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.0.get())
    }

    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    pub(super) fn raw(&self) -> &RawValue {
        &self.0
    }

    pub(super) fn from_raw(raw: Box<RawValue>) -> Self {
        Self(raw)
    }
}

/// `null`.
impl Default for Data {
    fn default() -> Self {
        Self(RawValue::NULL.to_owned())
    }
}

/// Two payloads are equal if their text is, which is more than their value.
impl PartialEq for Data {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Data {}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
