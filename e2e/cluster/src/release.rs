//! A handle to a BlueGreen.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use k8s_openapi::api::{apps::v1::Deployment, core::v1::Pod};
use kube::{
    Api, Resource, ResourceExt,
    api::{ListParams, Patch, PatchParams},
    runtime::wait::await_condition,
};
use rollout::{Active, BlueGreen, Colour, Phase, Reason};
use serde_json::{Value, json};

use crate::{
    Failure, Shape, Stage,
    cluster::until,
    stage::{PATIENCE, told},
};

/// A BlueGreen in the cluster, and what belongs to it.
pub struct Release {
    stage: Stage,
    shape: Shape,
}

impl Release {
    pub(crate) fn new(stage: Stage, shape: Shape) -> Self {
        Self { stage, shape }
    }

    /// How it was made.
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Says which colour shall serve.
    ///
    /// # Errors
    /// The cluster refuses.
    pub async fn wish(&self, colour: Colour) -> Result<(), Failure> {
        self.change(json!({"spec": {"active": colour}})).await
    }

    /// Approves a gate for the release that is under way.
    ///
    /// # Errors
    /// No release is, or the cluster refuses.
    pub async fn approve(&self, gate: &str) -> Result<(), Failure> {
        let release = self.get().await?.status.and_then(|status| status.release);
        let release = release.ok_or("nothing is under way that could be approved")?;
        let annotations = json!({format!("approve.switchyard.dev/{gate}"): release});
        self.change(json!({"metadata": {"annotations": annotations}})).await
    }

    /// Has a side's running pods fail in this way, or work again, of the first workload; until they are started again.
    ///
    /// # Errors
    /// One of them does not answer.
    pub async fn trouble(&self, colour: Colour, faults: &Value) -> Result<(), Failure> {
        let pods: Api<Pod> = self.stage.api();
        let workload = self.shape.names().into_iter().next().unwrap_or_default();
        let label = format!("app={workload},switchyard.dev/color={colour}");
        for pod in pods.list(&ListParams::default().labels(&label)).await? {
            let uri = format!(
                "/api/v1/namespaces/{}/pods/{}:8081/proxy/faults",
                self.stage.namespace(),
                pod.name_any()
            );
            let request = http::Request::put(uri).header("content-type", "application/json");
            self.stage
                .cluster()
                .client()
                .request_text(request.body(faults.to_string().into_bytes())?)
                .await?;
        }
        Ok(())
    }

    /// Patches the BlueGreen.
    ///
    /// # Errors
    /// The cluster refuses.
    pub async fn change(&self, patch: Value) -> Result<(), Failure> {
        self.api().patch(&self.shape.name, &PatchParams::default(), &Patch::Merge(patch)).await?;
        Ok(())
    }

    /// Patches a side's Deployment, of the first workload.
    ///
    /// # Errors
    /// The cluster refuses.
    pub async fn change_side(&self, colour: Colour, patch: Value) -> Result<(), Failure> {
        let api: Api<Deployment> = self.stage.api();
        let patch = Patch::Strategic(patch);
        api.patch(&self.deployment(colour), &PatchParams::default(), &patch).await?;
        Ok(())
    }

    /// Gives the demo of a side these faults and this version: a new template.
    ///
    /// # Errors
    /// The cluster refuses.
    pub async fn image(&self, colour: Colour, version: &str, faults: Value) -> Result<(), Failure> {
        let env = json!([
            {"name": "VERSION", "value": format!("{colour}-{version}")},
            {"name": "FAULTS", "value": faults.to_string()},
        ]);
        let container = json!({"name": "demo", "env": env});
        self.change_side(colour, json!({"spec": {"template": {"spec": {"containers": [container]}}}})).await
    }

    /// The Deployment of a side, of the first workload.
    #[must_use]
    pub fn deployment(&self, colour: Colour) -> String {
        let first = self.shape.names().into_iter().next().unwrap_or_default();
        format!("{first}-{colour}")
    }

    /// Waits until no pod of a side is left that is not on its way out.
    ///
    /// # Errors
    /// One is.
    pub async fn is_empty(&self, colour: Colour) -> Result<(), Failure> {
        let (sides, pods): (Api<Deployment>, Api<Pod>) = (self.stage.api(), self.stage.api());
        until(&format!("{colour} has no pods"), PATIENCE, async || {
            for workload in self.shape.names() {
                let side = sides.get(&format!("{workload}-{colour}")).await?;
                let label = format!("app={workload},switchyard.dev/color={colour}");
                // From its cache: a list that is up to date asks etcd for its progress, at most ten times a second, and the operator's own would wait its turn.
                let left = pods.list(&ListParams::default().labels(&label).match_any()).await?.items;
                let stays = left.iter().any(|pod| pod.metadata.deletion_timestamp.is_none());
                if side.spec.and_then(|spec| spec.replicas) != Some(0) || stays {
                    return Ok(false);
                }
            }
            Ok(true)
        })
        .await
    }

    /// Waits until none of a side's pods is ready.
    ///
    /// # Errors
    /// One still is.
    pub async fn is_unready(&self, colour: Colour) -> Result<(), Failure> {
        let api: Api<Deployment> = self.stage.api();
        until(&format!("{colour} has no ready pod"), PATIENCE, async || {
            let side = api.get(&self.deployment(colour)).await?;
            Ok(side.status.and_then(|status| status.ready_replicas).unwrap_or(0) == 0)
        })
        .await
    }

    /// The object as it is now.
    ///
    /// # Errors
    /// It is not there.
    pub async fn get(&self) -> Result<BlueGreen, Failure> {
        Ok(self.api().get(&self.shape.name).await?)
    }

    /// Waits until this colour is wished and serves and nothing is under way.
    ///
    /// # Errors
    /// It does not come to that.
    pub async fn settles(&self, colour: Colour) -> Result<BlueGreen, Failure> {
        self.until(&format!("stable on {colour}"), PATIENCE, |release| {
            release.spec.active == colour && is(release, Phase::Stable, Some(colour))
        })
        .await
    }

    /// Waits until it is held for this reason.
    ///
    /// # Errors
    /// It does not come to that.
    pub async fn is_held(&self, reason: Reason) -> Result<BlueGreen, Failure> {
        self.until(&format!("held for {reason}"), PATIENCE, |release| {
            is(release, Phase::Held, None)
                && release.status.as_ref().is_some_and(|status| status.reason == Some(reason))
        })
        .await
    }

    /// Waits until it is in this phase.
    ///
    /// # Errors
    /// It does not come to that.
    pub async fn reaches(&self, phase: Phase) -> Result<BlueGreen, Failure> {
        self.comes_to(&[phase]).await
    }

    /// Waits until it is in one of these phases.
    ///
    /// # Errors
    /// It does not come to that.
    pub async fn comes_to(&self, phases: &[Phase]) -> Result<BlueGreen, Failure> {
        let one = |release: &BlueGreen| phases.iter().any(|phase| is(release, *phase, None));
        self.until(&format!("in {phases:?}"), PATIENCE, one).await
    }

    /// Waits until this is the reason why it is where it is.
    ///
    /// # Errors
    /// It does not come to that.
    pub async fn says(&self, reason: Reason) -> Result<BlueGreen, Failure> {
        let says = |release: &BlueGreen| {
            let status = release.status.as_ref();
            status.is_some_and(|status| status.reason == Some(reason) && is(release, status.phase, None))
        };
        self.until(&format!("waiting for {reason}"), PATIENCE, says).await
    }

    /// Waits until every Service selects this colour, and has endpoints.
    ///
    /// # Errors
    /// It does not come to that.
    pub async fn serves_with_endpoints(&self, colour: Colour) -> Result<BlueGreen, Failure> {
        self.until(&format!("served by {colour}"), PATIENCE, |release| {
            let status = release.status.as_ref();
            status.is_some_and(|status| {
                status.active == Some(Active::from(colour))
                    && status.services.iter().all(|service| service.endpoints > 0)
            })
        })
        .await
    }

    /// Waits, as it is watched, until this holds.
    ///
    /// # Errors
    /// It does not for so long; the message says how it is instead.
    pub async fn until(
        &self,
        what: &str,
        within: Duration,
        holds: impl Fn(&BlueGreen) -> bool,
    ) -> Result<BlueGreen, Failure> {
        let last = Mutex::new(None);
        let seen = |object: Option<&BlueGreen>| {
            *last.lock().unwrap_or_else(PoisonError::into_inner) =
                object.and_then(|object| object.status.clone());
            object.is_some_and(&holds)
        };
        let waiting = await_condition(self.api(), &self.shape.name, seen);
        match tokio::time::timeout(within, waiting).await {
            Ok(found) => found?.ok_or_else(|| format!("`{}` is gone", self.shape.name).into()),
            Err(_) => {
                let last = last.lock().unwrap_or_else(PoisonError::into_inner).take();
                Err(format!("after {within:?} `{}` is not {what}, but {}", self.shape.name, told(last))
                    .into())
            }
        }
    }

    fn api(&self) -> Api<BlueGreen> {
        self.stage.api()
    }
}

/// Whether what was last wished has been seen, and led there.
fn is(release: &BlueGreen, phase: Phase, colour: Option<Colour>) -> bool {
    release.status.as_ref().is_some_and(|status| {
        status.phase == phase
            && Some(status.observed_generation) == release.meta().generation
            && colour.is_none_or(|colour| status.active == Some(Active::from(colour)))
    })
}
