//! Whole stacks against real servers on loopback that misbehave: what layers cost says nothing of what they are worth.
//!
//! Client and servers share the machine, so loads are a fraction of what the servers could take, and what is told are ratios of one run.

mod budget;
mod fleet;
mod load;
mod outage;
mod slow;
mod svg;
mod upstream;

use std::path::Path;

use tokio::runtime::Builder;

use crate::{Failure, compare::Section};

/// What the section is called.
pub(crate) const TITLE: &str = "Against servers on loopback";

/// Runs every scenario, which takes about a minute and a half. The budget's graph goes beside `json`, if that is wanted.
pub(crate) fn section(json: Option<&Path>) -> Result<Section, Failure> {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let mut rows = vec![slow::one_of_three(1).await?, slow::one_of_three(upstream::PLACES).await?];
        rows.extend(outage::of_all().await?);
        let (row, graph) = budget::under_failures().await?;
        rows.push(row);
        if let Some(json) = json {
            std::fs::write(json.with_extension("svg"), graph)?;
        }
        Ok(Section { rows, ..Section::new(TITLE, vec![]) })
    })
}
