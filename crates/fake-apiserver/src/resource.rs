//! What kinds of objects there are, and how the server treats each.

use std::borrow::Cow;

use serde_json::Value;

/// A kind of objects: where it is found, and how it is treated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    pub(crate) group: Cow<'static, str>,
    pub(crate) version: Cow<'static, str>,
    pub(crate) kind: Cow<'static, str>,
    pub(crate) plural: Cow<'static, str>,
    pub(crate) namespaced: bool,
    /// Whether its status is written apart from the rest.
    pub(crate) status: bool,
    pub(crate) generation: Generation,
    /// Whether an update may leave out the version that it is of.
    pub(crate) unconditional: bool,
    /// Whether an update of what is not there creates it.
    pub(crate) created_by_update: bool,
}

/// What raises an object's generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Generation {
    /// It has none.
    None,
    /// Each change but those of the metadata and the status.
    Content,
    /// These, and a change of the annotations.
    ContentAndAnnotations,
}

impl Resource {
    /// ConfigMaps.
    pub const CONFIG_MAPS: Self = Self::built_in("", "v1", "ConfigMap", "configmaps").plain();
    /// CronJobs.
    pub const CRON_JOBS: Self = Self::built_in("batch", "v1", "CronJob", "cronjobs");
    /// Deployments. Their annotations raise the generation too, because their ReplicaSets inherit them.
    pub const DEPLOYMENTS: Self = Self::built_in("apps", "v1", "Deployment", "deployments")
        .generation(Generation::ContentAndAnnotations);
    /// EndpointSlices.
    pub const ENDPOINT_SLICES: Self =
        Self::built_in("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices").without_status();
    /// Events, of the group that replaced the first one.
    pub const EVENTS: Self = Self::built_in("events.k8s.io", "v1", "Event", "events").plain();
    /// HorizontalPodAutoscalers.
    pub const AUTOSCALERS: Self =
        Self::built_in("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers")
            .generation(Generation::None);
    /// Jobs.
    pub const JOBS: Self = Self::built_in("batch", "v1", "Job", "jobs");
    /// Leases.
    pub const LEASES: Self =
        Self::built_in("coordination.k8s.io", "v1", "Lease", "leases").plain().created_by_update();
    /// Namespaces. That one exists is not asked of what is put into it.
    pub const NAMESPACES: Self =
        Self::built_in("", "v1", "Namespace", "namespaces").generation(Generation::None).cluster_wide();
    /// Pods.
    pub const PODS: Self = Self::built_in("", "v1", "Pod", "pods");
    /// ReplicaSets.
    pub const REPLICA_SETS: Self = Self::built_in("apps", "v1", "ReplicaSet", "replicasets");
    /// Secrets.
    pub const SECRETS: Self = Self::built_in("", "v1", "Secret", "secrets").plain();
    /// Services.
    pub const SERVICES: Self = Self::built_in("", "v1", "Service", "services").generation(Generation::None);

    /// Questions of whoever asks, which are answered and not kept.
    const OWN_ACCESS_REVIEWS: Self =
        Self::built_in("authorization.k8s.io", "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews")
            .plain()
            .cluster_wide();
    /// The same of somebody else.
    const ACCESS_REVIEWS: Self =
        Self::built_in("authorization.k8s.io", "v1", "SubjectAccessReview", "subjectaccessreviews")
            .plain()
            .cluster_wide();

    pub(crate) const BUILT_IN: [Self; 15] = [
        Self::ACCESS_REVIEWS,
        Self::CONFIG_MAPS,
        Self::CRON_JOBS,
        Self::DEPLOYMENTS,
        Self::ENDPOINT_SLICES,
        Self::EVENTS,
        Self::AUTOSCALERS,
        Self::JOBS,
        Self::LEASES,
        Self::NAMESPACES,
        Self::OWN_ACCESS_REVIEWS,
        Self::PODS,
        Self::REPLICA_SETS,
        Self::SECRETS,
        Self::SERVICES,
    ];

    /// A custom resource as most are: namespaced, with a status of its own and a generation.
    #[must_use]
    pub fn custom(group: &str, version: &str, kind: &str, plural: &str) -> Self {
        Self {
            group: group.to_owned().into(),
            version: version.to_owned().into(),
            kind: kind.to_owned().into(),
            plural: plural.to_owned().into(),
            namespaced: true,
            status: true,
            generation: Generation::Content,
            unconditional: false,
            created_by_update: false,
        }
    }

    /// The resource of a type that kube's derive or `k8s-openapi` has made, treated as [a custom one](Self::custom).
    #[must_use]
    pub fn of<K: kube::Resource<DynamicType = ()>>() -> Self {
        Self::custom(&K::group(&()), &K::version(&()), &K::kind(&()), &K::plural(&()))
    }

    /// The same, but of the whole cluster.
    #[must_use]
    pub const fn cluster_wide(mut self) -> Self {
        self.namespaced = false;
        self
    }

    /// The same, but without a status that is written apart from the rest.
    #[must_use]
    pub const fn without_status(mut self) -> Self {
        self.status = false;
        self
    }

    /// The group and version as an object states them.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// The name in a path.
    #[must_use]
    pub fn plural(&self) -> &str {
        &self.plural
    }

    /// The name in a message.
    pub(crate) fn qualified(&self) -> String {
        if self.group.is_empty() {
            self.plural.to_string()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    pub(crate) fn is_of(&self, object: &Value) -> bool {
        object["kind"] == *self.kind && object["apiVersion"] == *self.api_version()
    }

    const fn built_in(
        group: &'static str,
        version: &'static str,
        kind: &'static str,
        plural: &'static str,
    ) -> Self {
        Self {
            group: Cow::Borrowed(group),
            version: Cow::Borrowed(version),
            kind: Cow::Borrowed(kind),
            plural: Cow::Borrowed(plural),
            namespaced: true,
            status: true,
            generation: Generation::Content,
            unconditional: true,
            created_by_update: false,
        }
    }

    /// Without a status and a generation.
    const fn plain(self) -> Self {
        self.without_status().generation(Generation::None)
    }

    const fn generation(mut self, generation: Generation) -> Self {
        self.generation = generation;
        self
    }

    /// An update creates what is not there, and states the version of what is.
    const fn created_by_update(mut self) -> Self {
        self.created_by_update = true;
        self.unconditional = false;
        self
    }
}
