//! A JSON object of which some fields are exchanged, and the others stay as they are: in their order, to the last digit, and known
//! to this program or not.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, MapAccess, Visitor},
};
use serde_json::{
    Result,
    value::{RawValue, to_raw_value},
};

/// The fields of an object.
#[derive(Debug)]
pub(super) struct Fields(Vec<(String, Box<RawValue>)>);

impl Fields {
    pub(super) fn get(&self, name: &str) -> Option<&RawValue> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| &**value)
    }

    /// Puts a value in the place of another, or at the end.
    pub(super) fn set(&mut self, name: &str, value: &impl Serialize) -> Result<()> {
        let value = to_raw_value(value)?;
        match self.0.iter_mut().find(|(field, _)| field == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
        Ok(())
    }

    pub(super) fn parse<T: DeserializeOwned>(value: &RawValue) -> Result<T> {
        serde_json::from_str(value.get())
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::Fields;

    #[test]
    fn what_is_not_exchanged_stays_as_it_was() {
        let text = r#"{"z":1.50,"new":{"b":[1,2],"a":"é\u0000"},"shipment":null,"a":18446744073709551615}"#;
        let mut fields: Fields = serde_json::from_str(text).unwrap();
        fields.set("shipment", &7).unwrap();
        fields.set("invoice", &8).unwrap();
        let expected = text.replace("null", "7").replace("615}", r#"615,"invoice":8}"#);
        assert_eq!(serde_json::to_string(&fields).unwrap(), expected);
    }
}
