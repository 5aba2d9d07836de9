//! The admin port of the whole system: what every App shows under `/{style}/{service}/…`.

use std::{collections::BTreeSet, time::Duration};

use axum::http::StatusCode;
use chassis::client::{Call, Response};
use contracts::{
    outside::simulators::{ChangeSettings, Entry, Simulator},
    page::Page,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Caller, Error};

/// The admin port.
#[derive(Clone, Debug)]
pub struct Admin(Caller);

/// One service in one style.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct App {
    /// The style, or `all` for what the styles share.
    pub style: String,
    /// The service.
    pub service: String,
}

/// Every check of every App.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Readiness {
    /// Whether all of them are well.
    pub ready: bool,
    /// One by one.
    pub checks: Vec<Check>,
}

/// One check of one App.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Check {
    /// Whose it is.
    #[serde(flatten)]
    pub app: App,
    /// What is checked.
    pub name: String,
    /// Whether it is well.
    pub ready: bool,
    /// If not, why.
    #[serde(default)]
    pub reason: Option<String>,
}

impl Admin {
    pub(super) const fn new(caller: Caller) -> Self {
        Self(caller)
    }

    /// The same, asking again for as long as `patience` what may be answered later.
    #[must_use]
    pub fn patient(&self, patience: Duration) -> Self {
        Self(self.0.patient(patience))
    }

    /// How every App is.
    ///
    /// # Errors
    /// The admin port does not answer, or something else does; so for all that follow.
    pub async fn readiness(&self) -> Result<Readiness, Error> {
        self.probe("/readyz").await
    }

    /// The Apps that there are.
    ///
    /// # Errors
    /// See [`readiness`](Self::readiness).
    pub async fn apps(&self) -> Result<BTreeSet<App>, Error> {
        // Of the probes this one has a line for every App, even for one with nothing to be ready for.
        let alive = self.probe("/livez").await?;
        Ok(alive.checks.into_iter().map(|check| check.app).collect())
    }

    async fn probe(&self, path: &str) -> Result<Readiness, Error> {
        let told = |status: &StatusCode| status.is_success() || *status == StatusCode::SERVICE_UNAVAILABLE;
        let answer = self.0.ask_until(Call::get(self.0.at(path)), told).await;
        answer.map_err(Error::foreign_if_not_found)?.json().map_err(Error::Unclear)
    }

    /// Something that an App shows, as JSON.
    ///
    /// # Errors
    /// See [`readiness`](Self::readiness).
    pub async fn show<T: DeserializeOwned>(&self, app: &App, path: &str) -> Result<T, Error> {
        self.get(&format!("/{}/{}{path}", app.style, app.service)).await
    }

    /// Something that the whole port shows, as JSON.
    ///
    /// # Errors
    /// See [`readiness`](Self::readiness).
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.0.ask(Call::get(self.0.at(path))).await?.json().map_err(Error::Unclear)
    }

    /// Has an App do something, which a body may say more of.
    ///
    /// # Errors
    /// See [`readiness`](Self::readiness).
    pub async fn post(
        &self,
        app: &App,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<Response, Error> {
        let call = Call::post(self.0.at(&format!("/{}/{}{path}", app.style, app.service)));
        let call = match body {
            Some(body) => call.json(body).map_err(Error::Unclear)?,
            None => call,
        };
        self.0.ask(call).await
    }

    /// A simulator as it is now. `app` is the simulators' App, `system` one of `payment`, `carrier` and `mail`.
    ///
    /// # Errors
    /// See [`readiness`](Self::readiness).
    pub async fn simulator(&self, app: &App, system: &str) -> Result<Simulator, Error> {
        self.show(app, &format!("/simulators/{system}")).await
    }

    /// Changes what a simulator is set to.
    ///
    /// # Errors
    /// See [`readiness`](Self::readiness); a setting makes no sense.
    pub async fn set_simulator(
        &self,
        app: &App,
        system: &str,
        change: &ChangeSettings,
    ) -> Result<Simulator, Error> {
        let url = self.0.at(&format!("/{}/{}/simulators/{system}", app.style, app.service));
        let call = Call::put(url).json(change).map_err(Error::Unclear)?;
        self.0.ask(call).await?.json().map_err(Error::Unclear)
    }

    /// All that a simulator has answered, the oldest first.
    ///
    /// # Errors
    /// See [`readiness`](Self::readiness).
    pub async fn ledger(&self, app: &App, system: &str) -> Result<Vec<Entry>, Error> {
        let mut entries = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/simulators/{system}/ledger{cursor}");
            let Page { items, next }: Page<Entry> = self.show(app, &path).await?;
            entries.extend(items);
            let Some(next) = next else { return Ok(entries) };
            cursor = format!("?cursor={next}");
        }
    }
}
