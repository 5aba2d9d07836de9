//! Types of events, their versions, and how old ones become new ones.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Recorded;

/// Makes the data of one version of a type into that of the next. Pure: the same data always becomes the same.
pub type Upcaster = fn(Value) -> Result<Value, NotUpcast>;

/// Why data could not be made into that of the next version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotUpcast(pub &'static str);

/// The types of one aggregate's events, in all versions that were ever recorded.
///
/// An event in Rust is the current version of its type, and its JSON is an object whose first field names the type, as
/// `#[serde(tag = "event")]` makes it. What was recorded in an older version is made into the current one, version by version, when
/// it is read. Fields that the current version does not know are passed over.
pub struct EventTypes<E> {
    types: BTreeMap<&'static str, Type>,
    event: PhantomData<fn() -> E>,
}

/// One type.
#[derive(Clone, Copy)]
struct Type {
    /// From version 1 on, each makes a version into the next.
    upcasters: &'static [Upcaster],
    /// The latest version that was ever recorded.
    latest: u32,
}

/// An event as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The name of its type.
    pub kind: String,
    /// The version of its type.
    pub schema_version: u32,
    /// Its data, JSON.
    pub data: String,
}

/// Why an event cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The type is none of this aggregate's: a newer program wrote it, or it was not registered.
    #[error("`{kind}` is no type of event that this program knows")]
    UnknownType {
        /// The type.
        kind: String,
    },
    /// A newer program wrote it.
    #[error(
        "an event `{kind}` is of version {found}, and this program knows version {known}; start a newer one"
    )]
    Newer {
        /// The type.
        kind: String,
        /// The version that it was recorded in.
        found: u32,
        /// The current one.
        known: u32,
    },
    /// An upcaster could not make something of it.
    #[error("making an event `{kind}` of version {version} into one of the next")]
    NotUpcast {
        /// The type.
        kind: String,
        /// The version that could not be left.
        version: u32,
        /// Why.
        #[source]
        source: NotUpcast,
    },
    /// Its data is not what its type says.
    #[error("reading an event `{kind}`")]
    Malformed {
        /// The type.
        kind: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// It has no JSON form, or none whose first field names its type.
    #[error("writing an event, whose first field is to name its type")]
    Unwritable(#[source] serde_json::Error),
}

impl<E> Default for EventTypes<E> {
    fn default() -> Self {
        Self { types: BTreeMap::new(), event: PhantomData }
    }
}

impl<E: Serialize + DeserializeOwned> EventTypes<E> {
    /// No types yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With the type `kind`, which has one version more than there are upcasters: the first makes version 1 into
    /// version 2.
    #[must_use]
    pub fn kind(mut self, kind: &'static str, upcasters: &'static [Upcaster]) -> Self {
        self.types.insert(kind, Type { upcasters, latest: count(upcasters).saturating_add(1) });
        self
    }

    /// With the type `kind`, which is recorded no more: its last upcaster makes it into the current version of another,
    /// by naming that in the first field.
    #[must_use]
    pub fn retired(mut self, kind: &'static str, upcasters: &'static [Upcaster]) -> Self {
        self.types.insert(kind, Type { upcasters, latest: count(upcasters) });
        self
    }

    /// Each type and the latest version in which it was recorded.
    pub fn versions(&self) -> impl Iterator<Item = (&'static str, u32)> {
        self.types.iter().map(|(&kind, of)| (kind, of.latest))
    }

    /// An event as it is recorded.
    ///
    /// # Errors
    /// [`Error::Unwritable`] and [`Error::UnknownType`].
    pub fn encode(&self, event: &E) -> Result<Encoded, Error> {
        let data = serde_json::to_string(event).map_err(Error::Unwritable)?;
        let kind = tag(&data).ok_or_else(|| Error::Unwritable(no_tag()))?.to_owned();
        match self.types.get(kind.as_str()) {
            None => Err(Error::UnknownType { kind }),
            Some(of) => Ok(Encoded { kind, schema_version: of.latest, data }),
        }
    }

    /// What was recorded, as an event of today.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn read(&self, recorded: &Recorded) -> Result<E, Error> {
        self.decode(&recorded.kind, recorded.schema_version, &recorded.data)
    }

    /// The event that was recorded so.
    ///
    /// # Errors
    /// All but [`Error::Unwritable`].
    pub fn decode(&self, kind: &str, schema_version: u32, data: &str) -> Result<E, Error> {
        let Some(&Type { upcasters, latest }) = self.types.get(kind) else {
            return Err(Error::UnknownType { kind: kind.to_owned() });
        };
        if schema_version > latest {
            return Err(Error::Newer { kind: kind.to_owned(), found: schema_version, known: latest });
        }
        let mut steps = (1..).zip(upcasters).skip(schema_version.saturating_sub(1) as usize).peekable();
        if steps.peek().is_none() {
            return serde_json::from_str(data).map_err(|source| malformed(kind, source));
        }
        let mut value: Value = serde_json::from_str(data).map_err(|source| malformed(kind, source))?;
        for (version, upcaster) in steps {
            value = upcaster(value).map_err(|source| Error::NotUpcast {
                kind: kind.to_owned(),
                version,
                source,
            })?;
        }
        E::deserialize(value).map_err(|source| malformed(kind, source))
    }
}

/// The text in the first field, which is where serde writes the tag of an enum. Names of types need no escapes.
fn tag(data: &str) -> Option<&str> {
    let (_, rest) = data.strip_prefix("{\"")?.split_once("\":\"")?;
    rest.split_once('"').map(|(tag, _)| tag)
}

fn no_tag() -> serde_json::Error {
    serde::ser::Error::custom("its first field is no text")
}

fn count(upcasters: &[Upcaster]) -> u32 {
    u32::try_from(upcasters.len()).unwrap_or(u32::MAX)
}

fn malformed(kind: &str, source: serde_json::Error) -> Error {
    Error::Malformed { kind: kind.to_owned(), source }
}

impl<E> fmt::Debug for EventTypes<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.types.keys()).finish()
    }
}
