//! A Job of a CronJob's template completes.
//!
//! Its name follows from the release: a new leader finds the Job that runs instead of making a second one. It ends by its own deadline
//! at the latest, and the API server removes it some time after its end; so nothing is left to be cleaned up by whoever made it, who may be
//! gone by then.

mod judge;
mod template;

use k8s_openapi::api::{
    batch::v1::{CronJob, Job},
    core::v1::Pod,
};
use kube::{
    Api,
    api::{ListParams, PostParams},
};
use rollout::observed::Answer;
use tokio::time::{Duration, Instant, interval};

use self::judge::{judge, reason};
use super::asking::Asked;
use crate::fetch::innermost;

/// How often the Job is looked at.
const PERIOD: Duration = Duration::from_secs(1);

/// What the Job's own deadline, which counts from its start, is given to be seen.
const GRACE: Duration = Duration::from_secs(10);

/// No Job of a gate has more pods that are worth reading of.
const MOST_PODS: u32 = 50;

pub(super) async fn run(asked: &Asked, declared: &rollout::Job) {
    let mut runs = Run::new(asked, declared);
    let mut due = interval(PERIOD);
    loop {
        due.tick().await;
        let answer = runs.ask().await.unwrap_or_else(|error| Answer::Unknown(innermost(&error)));
        let is_good = answer == Answer::Good;
        if !asked.hear(answer).await || is_good {
            return;
        }
    }
}

/// A Job that is made or found, and watched until it ends.
struct Run<'a> {
    declared: &'a rollout::Job,
    name: String,
    mark: String,
    jobs: Api<Job>,
    cron_jobs: Api<CronJob>,
    pods: Api<Pod>,
    began: Instant,
    /// Whether it was there.
    seen: bool,
    /// What its pods said last: they may be gone when it has failed.
    said: Option<String>,
}

impl<'a> Run<'a> {
    fn new(asked: &Asked, declared: &'a rollout::Job) -> Self {
        let (client, namespace) = (&asked.means.ways.client, &asked.namespace);
        Self {
            declared,
            name: format!("{}-{}", asked.gate.name, asked.release),
            mark: format!("{}/{}/{}", asked.uid, asked.release, asked.gate.name),
            jobs: Api::namespaced(client.clone(), namespace),
            cron_jobs: Api::namespaced(client.clone(), namespace),
            pods: Api::namespaced(client.clone(), namespace),
            began: Instant::now(),
            seen: false,
            said: None,
        }
    }

    async fn ask(&mut self) -> Result<Answer, kube::Error> {
        match self.jobs.get_opt(&self.name).await? {
            None if self.seen => Ok(Answer::Bad(format!("somebody has deleted Job {}", self.name))),
            None => self.make().await,
            Some(job) if template::mark(&job) != Some(&self.mark) => {
                Ok(Answer::Unknown(format!("Job {} is not this release's", self.name)))
            }
            Some(job) if job.metadata.deletion_timestamp.is_some() => {
                Ok(Answer::Unknown(format!("Job {} is being deleted", self.name)))
            }
            Some(job) => {
                self.seen = true;
                self.listen().await?;
                let overdue = self.began.elapsed() > Duration::from(self.declared.timeout) + GRACE;
                Ok(judge(&self.name, &job, self.said.as_deref(), overdue))
            }
        }
    }

    async fn make(&self) -> Result<Answer, kube::Error> {
        let from = &self.declared.from_cron_job;
        let Some(cron_job) = self.cron_jobs.get_opt(from).await? else {
            return Ok(Answer::Unknown(format!("there is no CronJob {from}")));
        };
        let job = template::job(cron_job, &self.name, &self.mark, self.declared.timeout);
        match self.jobs.create(&PostParams::default(), &job).await {
            Ok(_) => Ok(Answer::Unknown(format!("Job {} is made", self.name))),
            Err(kube::Error::Api(status)) if status.is_already_exists() => {
                Ok(Answer::Unknown(format!("Job {} is there already", self.name)))
            }
            Err(error) => Err(error),
        }
    }

    async fn listen(&mut self) -> Result<(), kube::Error> {
        let of_the_job = format!("batch.kubernetes.io/job-name={}", self.name);
        let mut pods =
            self.pods.list(&ListParams::default().labels(&of_the_job).limit(MOST_PODS)).await?.items;
        pods.sort_by(|a, b| b.metadata.creation_timestamp.cmp(&a.metadata.creation_timestamp));
        self.said = pods.iter().find_map(reason).or(self.said.take());
        Ok(())
    }
}
