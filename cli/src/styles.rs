//! In which styles to order: what was asked for, and what is served.

use std::{collections::BTreeSet, fmt, str::FromStr};

use contracts::style::{Style, UnknownStyle};

use crate::{
    audit::services_of,
    failure::Failure,
    remote::{App, Error, Gateway, Served},
};

/// The style that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// This one.
    One(Style),
    /// Every one that the gateway serves.
    All,
}

impl FromStr for Choice {
    type Err = UnknownStyle;

    fn from_str(name: &str) -> Result<Self, UnknownStyle> {
        if name == "all" { Ok(Self::All) } else { name.parse().map(Self::One) }
    }
}

/// A style to order in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    /// The style whose prefix calls have; none for the default one.
    pub(crate) prefix: Option<Style>,
    /// The style's name, if it is known.
    pub(crate) name: Option<Style>,
}

impl Chosen {
    /// The styles that it may be: itself, or any if nobody tells its name. Telling all of them what one needs to hear does no
    /// harm, since what a run makes is named like nothing else.
    pub(crate) fn candidates(self) -> Vec<Style> {
        self.name.map_or_else(|| Style::ALL.to_vec(), |style| vec![style])
    }
}

impl fmt::Display for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name.map_or("default style", Style::as_str))
    }
}

/// The styles to order in: what was asked for, as far as it is served.
///
/// # Errors
/// It is not, or nobody says.
pub(crate) async fn choose(
    choice: Option<Choice>,
    gateway: &Gateway,
    apps: Option<&BTreeSet<App>>,
) -> Result<Vec<Chosen>, Failure> {
    let served = served(gateway, apps).await?;
    let named = |style| Chosen { prefix: Some(style), name: Some(style) };
    match choice {
        Some(Choice::All) if served.styles.is_empty() => {
            Err(Failure::failed("neither the gateway nor the admin port tells which styles are served")
                .advise("Name one with --style."))
        }
        Some(Choice::All) => Ok(served.styles.into_iter().map(named).collect()),
        Some(Choice::One(style)) if served.styles.is_empty() || served.styles.contains(&style) => {
            Ok(vec![named(style)])
        }
        Some(Choice::One(style)) => {
            let names: Vec<_> = served.styles.iter().map(|style| style.as_str()).collect();
            Err(Failure::usage(format!("the gateway does not serve the style {style}"))
                .advise(format!("It serves: {}.", names.join(", "))))
        }
        None => {
            // Where only one style is served, that is the default one.
            let only = served.styles.first().copied().filter(|_| served.styles.len() == 1);
            Ok(vec![Chosen { prefix: None, name: served.default.or(only) }])
        }
    }
}

/// What the gateway's document says; where that names no style, what the admin port shows.
async fn served(gateway: &Gateway, apps: Option<&BTreeSet<App>>) -> Result<Served, Error> {
    let mut served = gateway.served().await?;
    if let (true, Some(apps)) = (served.styles.is_empty(), apps) {
        let has_services = |style: &Style| services_of(apps, *style).next().is_some();
        served.styles = Style::ALL.into_iter().filter(has_services).collect();
    }
    Ok(served)
}
