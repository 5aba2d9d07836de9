//! The gateway: the styles that it serves, and the API of each.

use std::{str::FromStr, time::Duration};

use chassis::{
    client::{Call, Response},
    ids::Random,
};
use contracts::style::Style;
use serde::Deserialize;

use super::{Api, Caller, Error};

/// The gateway.
#[derive(Clone, Debug)]
pub struct Gateway(Caller);

/// The styles that a gateway serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// All of them that this program knows, in the order of [`Style::ALL`].
    pub styles: Vec<Style>,
    /// The one whose API is served without a prefix too, if the gateway tells.
    pub default: Option<Style>,
}

/// The part of an OpenAPI document that tells where the API is served.
#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    servers: Vec<Server>,
}

#[derive(Deserialize)]
struct Server {
    url: String,
    #[serde(default)]
    description: Option<String>,
}

impl Gateway {
    pub(super) const fn new(caller: Caller) -> Self {
        Self(caller)
    }

    /// The API of a style, or of the default one without its name. What may be answered later is asked again for as long as
    /// `patience`.
    #[must_use]
    pub fn api(&self, style: Option<Style>, random: &Random, patience: Duration) -> Api {
        let prefix = style.map_or_else(String::new, |style| format!("/{style}"));
        Api::new(self.0.patient(patience), prefix, random.clone())
    }

    /// The styles served here, as the API's own description names them.
    ///
    /// # Errors
    /// The gateway does not answer, or something else does.
    pub async fn served(&self) -> Result<Served, Error> {
        let document = self.document().await?.json::<Document>().map_err(Error::Unclear)?;
        Ok(served(&document.servers))
    }

    /// What the clock of the gateway's machine shows, as the head of an answer has it.
    ///
    /// # Errors
    /// The gateway does not answer, or something else does.
    pub async fn date(&self) -> Result<Option<String>, Error> {
        let answer = self.document().await?;
        Ok(answer.headers.get("date").and_then(|date| date.to_str().ok()).map(str::to_owned))
    }

    async fn document(&self) -> Result<Response, Error> {
        let answer = self.0.ask(Call::get(self.0.at("/openapi.json"))).await;
        answer.map_err(Error::foreign_if_not_found)
    }
}

/// The server of a style has the style's name for a path; that of the default style has none, and the same description.
fn served(servers: &[Server]) -> Served {
    let style = |server: &Server| {
        let name = server.url.trim_end_matches('/').rsplit('/').next()?;
        Style::from_str(name).ok()
    };
    let of_default = servers.iter().find(|server| style(server).is_none());
    let default = of_default.and_then(|default| {
        let namesake = |server: &&Server| server.description == default.description;
        servers.iter().filter(namesake).find_map(style)
    });
    let found: Vec<_> = servers.iter().filter_map(style).collect();
    Served { styles: Style::ALL.into_iter().filter(|style| found.contains(style)).collect(), default }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str, description: &str) -> Server {
        Server { url: url.to_owned(), description: Some(description.to_owned()) }
    }

    #[test]
    fn the_default_style_is_the_one_described_alike() {
        let servers = [
            server("/", "The style messaging"),
            server("/messaging", "The style messaging"),
            server("/rest", "The style rest"),
        ];
        let expected =
            Served { styles: vec![Style::Rest, Style::Messaging], default: Some(Style::Messaging) };
        assert_eq!(served(&servers), expected);
    }

    #[test]
    fn a_document_without_servers_tells_nothing() {
        assert_eq!(served(&[]), Served { styles: vec![], default: None });
    }

    #[test]
    fn a_style_of_another_release_is_left_out() {
        let servers = [server("/rest", "The style rest"), server("/telepathy", "The style telepathy")];
        assert_eq!(served(&servers).styles, [Style::Rest]);
    }
}
