//! Which of a Service's ports.

use serde::{Deserialize, Serialize};

use super::slice::SlicePort;

/// Which of a Service's ports. In a configuration: a name, a number, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Port {
    /// The only one. A slice that has several gives no endpoints.
    #[default]
    Only,
    /// The one of this name, whatever its number is; endpoints of one Service may have it under different ones.
    Named(String),
    /// Where the endpoints listen, which may be another number than that of the Service.
    Number(u16),
}

impl Port {
    /// The number that it has in a slice, if it is there. Only TCP is looked at.
    pub(super) fn of(&self, ports: &[SlicePort]) -> Option<u16> {
        let mut tcp = ports.iter().filter_map(|port| Some((port.name.as_str(), port.tcp()?)));
        match self {
            Self::Only => tcp.next().filter(|_| tcp.next().is_none()).map(|(_, number)| number),
            Self::Named(name) => tcp.find(|(named, _)| named == name).map(|(_, number)| number),
            Self::Number(number) => tcp.map(|(_, number)| number).find(|found| found == number),
        }
    }
}
