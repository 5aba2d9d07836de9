//! The load generator in the cluster, looked at through the API server.

use std::{
    ops::Range,
    sync::{Mutex, PoisonError},
};

use http::Request as HttpRequest;
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, Client, ResourceExt, api::PostParams};
use load::{Rates, Request, Totals};
use rollout::Colour;
use serde_json::{Value, json};

use crate::{Failure, Served, Stage, Verdict, cluster::until, programs::LOAD, stage::PATIENCE};

const NAME: &str = "load";
const PORT: u16 = 9900;

/// A load that runs until its verdict is asked for.
pub struct Traffic {
    client: Client,
    /// Where the API server passes requests on to it.
    proxy: String,
    served: Mutex<Vec<Served>>,
}

impl Traffic {
    /// Begins one on these Services, and waits for the first requests.
    pub(crate) async fn begin(stage: &Stage, services: &[String], rates: Rates) -> Result<Self, Failure> {
        let pod: Pod = serde_json::from_value(pod(services, stage.namespace(), rates))?;
        let api: Api<Pod> = stage.api();
        let name = api.create(&PostParams::default(), &pod).await?.name_any();
        let proxy = format!("/api/v1/namespaces/{}/pods/{name}:{PORT}/proxy", stage.namespace());
        let traffic = Self { client: stage.cluster().client(), proxy, served: Mutex::default() };
        until("the load has begun", PATIENCE, async || {
            Ok(traffic.totals().await.is_ok_and(|totals| totals.requests > 0))
        })
        .await?;
        Ok(traffic)
    }

    /// The generator's clock, in its microseconds. What is read after something was seen is later than that, and what is read before
    /// something is begun is earlier, whatever the clocks of other machines show.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn now(&self) -> Result<u64, Failure> {
        Ok(self.ask("GET", "now").await?.parse()?)
    }

    /// What there is so far, in figures.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn totals(&self) -> Result<Totals, Failure> {
        Ok(serde_json::from_str(&self.ask("GET", "totals").await?)?)
    }

    /// Waits until so many more requests have ended.
    ///
    /// # Errors
    /// They do not.
    pub async fn goes_on(&self, requests: usize) -> Result<(), Failure> {
        let before = self.totals().await?.requests;
        until(&format!("{requests} more requests"), PATIENCE, async || {
            Ok(self.totals().await?.requests >= before + requests)
        })
        .await
    }

    /// Says that connections to a Service that were opened in this time must be answered by this colour alone.
    pub fn served(&self, service: &str, colour: Colour, opened: Range<u64>) {
        let served = Served { service: service.to_owned(), colour, opened };
        self.served.lock().unwrap_or_else(PoisonError::into_inner).push(served);
    }

    /// Stops it, lets every request end, and judges all of them.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn verdict(self) -> Result<Verdict, Failure> {
        let totals: Totals = serde_json::from_str(&self.ask("POST", "stop").await?)?;
        let mut requests: Vec<Request> = Vec::with_capacity(totals.requests);
        while requests.len() < totals.requests {
            let page = self.ask("GET", &format!("requests?from={}", requests.len())).await?;
            let before = requests.len();
            for line in page.lines() {
                requests.push(serde_json::from_str(line)?);
            }
            if requests.len() == before {
                return Err(format!("{before} of {} requests were told", totals.requests).into());
            }
        }
        let served = self.served.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(Verdict { requests, served, latest_start: totals.latest_start })
    }

    async fn ask(&self, method: &str, what: &str) -> Result<String, Failure> {
        let uri = format!("{}/{what}", self.proxy);
        Ok(self.client.request_text(HttpRequest::builder().method(method).uri(uri).body(vec![])?).await?)
    }
}

fn pod(services: &[String], namespace: &str, rates: Rates) -> Value {
    let mut words = vec![
        format!("--control=0.0.0.0:{PORT}"),
        // The Services may have been made a moment ago, and the node learns of them when it does.
        "--wait=1m".to_owned(),
        format!("--fresh={}", rates.fresh),
        format!("--keep-alive={}", rates.keep_alive),
        format!("--streams={}", rates.streams),
    ];
    words.extend(services.iter().map(|service| format!("--target={service}={service}.{namespace}.svc:80")));
    json!({
        "metadata": {"generateName": format!("{NAME}-")},
        "spec": {
            "restartPolicy": "Never",
            "enableServiceLinks": false,
            "terminationGracePeriodSeconds": 1,
            "containers": [{
                "name": NAME,
                "image": LOAD,
                "imagePullPolicy": "IfNotPresent",
                "args": words,
                "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
            }],
        },
    })
}
