//! Commands that ask every App on an admin port, or those of one style.

use contracts::style::Style;

use crate::{
    failure::Failure,
    remote::{Admin, App, Error},
};

/// Which styles an operator means.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct StyleArgs {
    /// Only this style; every one unless given.
    #[arg(long, value_name = "STYLE")]
    pub(crate) style: Option<Style>,
}

impl StyleArgs {
    /// The Apps of these styles, and those that the styles share.
    ///
    /// # Errors
    /// The admin port does not tell, or there are none.
    pub(crate) async fn apps(self, admin: &Admin) -> Result<Vec<App>, Failure> {
        let apps = admin.apps().await?.into_iter();
        let meant =
            |app: &App| self.style.is_none_or(|style| app.style == style.as_str() || app.style == "all");
        let apps: Vec<_> = apps.filter(meant).collect();
        if !apps.is_empty() {
            return Ok(apps);
        }
        let what =
            self.style.map_or("no service".to_owned(), |style| format!("no service of the style {style}"));
        Err(Failure::failed(format!("the admin port shows {what}"))
            .advise("`switchyard doctor` tells what there is."))
    }
}

/// What was asked for; `None` where an App does not have it.
pub(crate) fn found<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}
