//! `check`: reads, asks what is permitted, and shows what was found.

use std::fmt::Debug;

use futures_util::future::try_join_all;
use k8s_openapi::{
    NamespaceResourceScope,
    api::authorization::v1::{
        SelfSubjectAccessReview, SelfSubjectAccessReviewSpec, SubjectAccessReview, SubjectAccessReviewSpec,
        SubjectAccessReviewStatus,
    },
};
use kube::{Api, Resource, ResourceExt, api::PostParams};
use serde::de::DeserializeOwned;

use crate::{
    check::{
        Finding, Level, Seen, check as find, draw,
        rights::{Right, missing, of_operator, of_user},
    },
    cluster::Cluster,
    command_line::Check,
    console::Console,
    failure::{Exit, Failure},
};

pub(super) async fn check(args: Check, cluster: &Cluster, console: &Console) -> Result<Exit, Failure> {
    let user = denied(cluster, of_user().collect(), None).await?;
    let mut rights = missing("you", Level::Warns, &user);
    if let Some(account) = &args.operator {
        let account = Some(account.as_str()).filter(|account| !account.is_empty()).map(full);
        let denied = denied(cluster, of_operator().collect(), account.as_deref()).await?;
        let who = account.unwrap_or_else(|| "you, as the operator,".to_owned());
        rights.extend(missing(&who, Level::Stops, &denied));
    }
    show("rights", &rights, console);
    let mut unseen = vec![];
    let seen = Seen {
        blue_greens: cluster.list().await?,
        deployments: cluster.list().await?,
        services: cluster.list().await?,
        autoscalers: listed(cluster, &mut unseen).await?,
        quotas: listed(cluster, &mut unseen).await?,
        cron_jobs: listed(cluster, &mut unseen).await?,
    };
    if !unseen.is_empty() {
        console.note(format_args!("not looked at, since you may not: {}", unseen.join(", ")));
    }
    let mut objects = seen.blue_greens.clone();
    if let Some(name) = &args.name {
        objects = vec![cluster.blue_green(name).await?];
    }
    if objects.is_empty() {
        console.note(format_args!("no BlueGreen in namespace `{}`", cluster.namespace()));
    }
    let mut stops = rights.iter().any(|finding| finding.level == Level::Stops);
    for object in &objects {
        let findings = find(object, &seen, cluster.label());
        stops |= findings.iter().any(|finding| finding.level == Level::Stops);
        show(&object.name_any(), &findings, console);
    }
    Ok(if stops { Exit::Refused } else { Exit::Done })
}

/// Everything of a kind; nothing, and its name, if whoever asks may not see it.
async fn listed<K>(cluster: &Cluster, unseen: &mut Vec<String>) -> Result<Vec<K>, Failure>
where
    K: Resource<Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
    K::DynamicType: Default,
{
    match cluster.list().await {
        Err(failure) if failure.is_forbidden() => {
            unseen.push(K::plural(&K::DynamicType::default()).into_owned());
            Ok(vec![])
        }
        listed => listed,
    }
}

fn show(name: &str, findings: &[Finding], console: &Console) {
    console.show(&draw(name, findings, console.look().width));
}

/// A service account as the API server names it.
fn full(account: &str) -> String {
    format!("system:serviceaccount:{account}")
}

/// Those of the rights that this user does not have, or whoever asks.
async fn denied(cluster: &Cluster, rights: Vec<Right>, user: Option<&str>) -> Result<Vec<Right>, Failure> {
    let ask = async |right: Right| Ok::<_, Failure>((!allowed(cluster, right, user).await?).then_some(right));
    Ok(try_join_all(rights.into_iter().map(ask)).await?.into_iter().flatten().collect())
}

async fn allowed(cluster: &Cluster, right: Right, user: Option<&str>) -> Result<bool, Failure> {
    let attributes = Some(right.attributes(cluster.namespace()));
    let doing = Failure::of("asking what is permitted");
    let status: Option<SubjectAccessReviewStatus> = match user {
        None => {
            let spec = SelfSubjectAccessReviewSpec { resource_attributes: attributes, ..Default::default() };
            let review = SelfSubjectAccessReview { spec, ..Default::default() };
            let api = Api::<SelfSubjectAccessReview>::all(cluster.client().clone());
            api.create(&PostParams::default(), &review).await.map_err(doing)?.status
        }
        Some(user) => {
            let spec = SubjectAccessReviewSpec {
                resource_attributes: attributes,
                user: Some(user.to_owned()),
                ..Default::default()
            };
            let review = SubjectAccessReview { spec, ..Default::default() };
            let api = Api::<SubjectAccessReview>::all(cluster.client().clone());
            api.create(&PostParams::default(), &review).await.map_err(doing)?.status
        }
    };
    Ok(status.is_some_and(|status| status.allowed))
}
