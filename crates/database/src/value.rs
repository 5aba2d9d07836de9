//! What may be bound to a parameter and what may be read from a column.

use uuid::Uuid;

use crate::Error;

/// A value as databases store it; there are no booleans and no floating-point numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// NULL.
    Null,
    /// BIGINT.
    Integer(i64),
    /// TEXT.
    Text(&'a str),
    /// BYTEA.
    Bytes(&'a [u8]),
}

impl Value<'_> {
    /// A word for error messages.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Integer(_) => "an integer",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
        }
    }
}

/// What may be bound to a parameter of a statement.
pub trait ToParam {
    /// The value to bind.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for an integer above `i64::MAX`.
    fn to_param(&self) -> Result<Value<'_>, Error>;
}

/// What may be read from a column.
pub trait FromColumn: Sized {
    /// What the column should hold, for error messages, such as "text".
    const EXPECTED: &'static str;

    /// The value, or `None` if the column holds something else.
    fn from_column(value: Value<'_>) -> Option<Self>;
}

/// Parameters of a statement, in the order of their numbers: `params![id, name.as_str()]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$(&$value as &dyn $crate::ToParam),*] as &[&dyn $crate::ToParam]
    };
}

impl<T: ToParam + ?Sized> ToParam for &T {
    fn to_param(&self) -> Result<Value<'_>, Error> {
        (**self).to_param()
    }
}

impl<T: ToParam> ToParam for Option<T> {
    fn to_param(&self) -> Result<Value<'_>, Error> {
        self.as_ref().map_or(Ok(Value::Null), ToParam::to_param)
    }
}

impl ToParam for i64 {
    fn to_param(&self) -> Result<Value<'_>, Error> {
        Ok(Value::Integer(*self))
    }
}

impl ToParam for u64 {
    fn to_param(&self) -> Result<Value<'_>, Error> {
        i64::try_from(*self).map(Value::Integer).map_err(|_| Error::OutOfRange { value: *self })
    }
}

impl ToParam for u32 {
    fn to_param(&self) -> Result<Value<'_>, Error> {
        Ok(Value::Integer(i64::from(*self)))
    }
}

/// As 0 or 1.
impl ToParam for bool {
    fn to_param(&self) -> Result<Value<'_>, Error> {
        Ok(Value::Integer(i64::from(*self)))
    }
}

impl ToParam for str {
    fn to_param(&self) -> Result<Value<'_>, Error> {
        Ok(Value::Text(self))
    }
}

impl ToParam for String {
    fn to_param(&self) -> Result<Value<'_>, Error> {
        Ok(Value::Text(self))
    }
}

impl ToParam for [u8] {
    fn to_param(&self) -> Result<Value<'_>, Error> {
        Ok(Value::Bytes(self))
    }
}

impl ToParam for Vec<u8> {
    fn to_param(&self) -> Result<Value<'_>, Error> {
        Ok(Value::Bytes(self))
    }
}

/// As 16 bytes.
impl ToParam for Uuid {
    fn to_param(&self) -> Result<Value<'_>, Error> {
        Ok(Value::Bytes(self.as_bytes()))
    }
}

impl<T: FromColumn> FromColumn for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn from_column(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_column(value).map(Some),
        }
    }
}

impl FromColumn for i64 {
    const EXPECTED: &'static str = "an integer";

    fn from_column(value: Value<'_>) -> Option<Self> {
        if let Value::Integer(integer) = value { Some(integer) } else { None }
    }
}

impl FromColumn for u64 {
    const EXPECTED: &'static str = "an integer from 0";

    fn from_column(value: Value<'_>) -> Option<Self> {
        i64::from_column(value)?.try_into().ok()
    }
}

impl FromColumn for u32 {
    const EXPECTED: &'static str = "an integer from 0 to 4294967295";

    fn from_column(value: Value<'_>) -> Option<Self> {
        i64::from_column(value)?.try_into().ok()
    }
}

impl FromColumn for bool {
    const EXPECTED: &'static str = "0 or 1";

    fn from_column(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Integer(0) => Some(false),
            Value::Integer(1) => Some(true),
            _ => None,
        }
    }
}

impl FromColumn for String {
    const EXPECTED: &'static str = "text";

    fn from_column(value: Value<'_>) -> Option<Self> {
        if let Value::Text(text) = value { Some(text.to_owned()) } else { None }
    }
}

impl FromColumn for Vec<u8> {
    const EXPECTED: &'static str = "bytes";

    fn from_column(value: Value<'_>) -> Option<Self> {
        if let Value::Bytes(bytes) = value { Some(bytes.to_owned()) } else { None }
    }
}

impl FromColumn for Uuid {
    const EXPECTED: &'static str = "an id of 16 bytes";

    fn from_column(value: Value<'_>) -> Option<Self> {
        if let Value::Bytes(bytes) = value { Self::from_slice(bytes).ok() } else { None }
    }
}
