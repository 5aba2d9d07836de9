//! What a cluster's controllers do, one step at a time, so that a test decides who acts when.
//!
//! [`Controllers::due`] says what each of them would do next, from what there is at this moment; [`Controllers::perform`] does one of these,
//! and [`Controllers::settle`] all, in order, until nothing is due. They keep nothing between steps but which pods may be Ready, which the test says.
//!
//! A Deployment becomes ReplicaSets that carry a hash of its template, rolled as `maxSurge` and `maxUnavailable` allow; they become pods, which run at once on one node, are
//! Ready or not, and go when they were deleted; of the pods that a Service selects EndpointSlices of at most 100 come. Objects whose owner is gone are collected.

mod deployment;
mod garbage;
mod pod;
mod replica_set;
mod slices;

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::{Resource, Server, View};

/// Which pods are Ready, by what their template says.
type Readiness = dyn Fn(&Value) -> bool + Send;

/// The controllers of a cluster.
#[derive(Clone)]
pub struct Controllers {
    server: Server,
    readiness: Arc<Mutex<Box<Readiness>>>,
}

/// A step that one of them would make. Which there are, and in which order, follows from the objects alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// Who makes it.
    pub actor: Actor,
    /// The namespace of the object.
    pub namespace: String,
    /// The object's name.
    pub name: String,
}

/// One of the controllers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Actor {
    /// Makes and sizes the ReplicaSets of a Deployment, and writes its status.
    Deployment,
    /// Makes and deletes the pods of a ReplicaSet, and writes its status.
    ReplicaSet,
    /// Starts a pod, says whether it is Ready, and removes it when it was deleted.
    Kubelet,
    /// Writes the EndpointSlices of a Service.
    EndpointSlices,
    /// Deletes a ReplicaSet whose owner is gone.
    ReplicaSetGarbage,
    /// Deletes a pod whose owner is gone.
    PodGarbage,
    /// Deletes an EndpointSlice whose Service is gone.
    SliceGarbage,
}

impl Controllers {
    /// The controllers of this server's cluster. Every pod is Ready as soon as it runs.
    #[must_use]
    pub fn new(server: &Server) -> Self {
        Self { server: server.clone(), readiness: Arc::new(Mutex::new(Box::new(|_| true))) }
    }

    /// From now on those pods are Ready for which this holds, and the others are not.
    pub fn ready_if(&self, readiness: impl Fn(&Value) -> bool + Send + 'static) {
        *self.readiness.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(readiness);
    }

    /// What is to be done now.
    #[must_use]
    pub fn due(&self) -> Vec<Step> {
        self.server.view(|view| {
            let mut due = vec![];
            let kinds = [
                (Actor::Deployment, Resource::DEPLOYMENTS),
                (Actor::ReplicaSet, Resource::REPLICA_SETS),
                (Actor::Kubelet, Resource::PODS),
                (Actor::EndpointSlices, Resource::SERVICES),
                (Actor::ReplicaSetGarbage, Resource::REPLICA_SETS),
                (Actor::PodGarbage, Resource::PODS),
                (Actor::SliceGarbage, Resource::ENDPOINT_SLICES),
            ];
            for (actor, resource) in kinds {
                let objects = view.all(&resource).filter(|object| !self.work(actor, view, object).is_empty());
                due.extend(objects.map(|object| step(actor, object)));
            }
            due
        })
    }

    /// Does what is to be done for that object, if that still is something.
    pub fn perform(&self, step: &Step) {
        let resource = step.actor.resource();
        let edits = self.server.view(|view| {
            let object = view.get(&resource, &step.namespace, &step.name);
            object.map_or_else(Vec::new, |object| self.work(step.actor, view, object))
        });
        for edit in edits {
            edit.make(&self.server, step.actor.manager());
        }
    }

    /// Does everything, until nothing is to be done.
    ///
    /// # Panics
    /// If there is no end to it.
    pub fn settle(&self) {
        for _ in 0..1_000 {
            let due = self.due();
            if due.is_empty() {
                return;
            }
            due.iter().for_each(|step| self.perform(step));
        }
        unreachable!("the controllers do not come to rest: {:?}", self.due());
    }

    fn work(&self, actor: Actor, view: &View<'_>, object: &Value) -> Vec<Edit> {
        match actor {
            Actor::Deployment => deployment::work(view, object),
            Actor::ReplicaSet => replica_set::work(view, object),
            Actor::Kubelet => {
                let readiness = self.readiness.lock().unwrap_or_else(PoisonError::into_inner);
                pod::work(view, object, readiness(object))
            }
            Actor::EndpointSlices => slices::work(view, object),
            Actor::ReplicaSetGarbage => garbage::work(view, object, &Resource::REPLICA_SETS),
            Actor::PodGarbage => garbage::work(view, object, &Resource::PODS),
            Actor::SliceGarbage => garbage::work(view, object, &Resource::ENDPOINT_SLICES),
        }
    }
}

impl Actor {
    fn resource(self) -> Resource {
        match self {
            Self::Deployment => Resource::DEPLOYMENTS,
            Self::ReplicaSet | Self::ReplicaSetGarbage => Resource::REPLICA_SETS,
            Self::Kubelet | Self::PodGarbage => Resource::PODS,
            Self::EndpointSlices => Resource::SERVICES,
            Self::SliceGarbage => Resource::ENDPOINT_SLICES,
        }
    }

    fn manager(self) -> &'static str {
        if self == Self::Kubelet { "kubelet" } else { "kube-controller-manager" }
    }
}

fn step(actor: Actor, object: &Value) -> Step {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
    Step { actor, namespace: text("namespace"), name: text("name") }
}

/// A write of a controller.
enum Edit {
    Create(Value),
    /// The object as it shall be, without its status.
    Main(Resource, Value),
    /// The object with the status that it shall have.
    Status(Resource, Value),
    Delete(Resource, Value),
    /// At once.
    Remove(Resource, Value),
}

impl Edit {
    /// Whoever comes too late is refused, and does it again if it still is due.
    fn make(self, server: &Server, manager: &str) {
        let names = |object: &Value| {
            let step = step(Actor::Kubelet, object);
            (step.namespace, step.name)
        };
        let _refused = match self {
            Self::Create(object) => server.create(manager, object).map(drop),
            Self::Main(resource, new) => {
                let (namespace, name) = names(&new);
                server.edit(manager, &resource, &namespace, &name, |object| *object = new).map(drop)
            }
            Self::Status(resource, new) => {
                let (namespace, name) = names(&new);
                server.set_status(manager, &resource, &namespace, &name, |object| *object = new).map(drop)
            }
            Self::Delete(resource, object) => {
                let (namespace, name) = names(&object);
                server.delete(manager, &resource, &namespace, &name).map(drop)
            }
            Self::Remove(resource, object) => {
                let (namespace, name) = names(&object);
                server.remove(manager, &resource, &namespace, &name);
                Ok(())
            }
        };
    }
}

/// The objects of a kind that another one controls.
fn owned<'v>(view: &'v View<'_>, resource: &Resource, owner: &Value) -> Vec<&'v Value> {
    let uid = owner["metadata"]["uid"].as_str().unwrap_or_default();
    let objects = view.all(resource).map(|object| &**object);
    objects.filter(|object| controller(object).is_some_and(|found| found["uid"] == uid)).collect()
}

/// The reference to what controls an object.
fn controller(object: &Value) -> Option<&Value> {
    let owners = object["metadata"]["ownerReferences"].as_array()?;
    owners.iter().find(|owner| owner["controller"] == true)
}

fn owner(object: &Value) -> Value {
    let metadata = &object["metadata"];
    serde_json::json!([{
        "apiVersion": object["apiVersion"], "kind": object["kind"], "name": metadata["name"], "uid": metadata["uid"],
        "controller": true, "blockOwnerDeletion": true,
    }])
}

fn is_deleted(object: &Value) -> bool {
    !object["metadata"]["deletionTimestamp"].is_null()
}

/// Whether a pod is Ready.
fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    conditions.into_iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

/// A status as it is written: what there is none of is left out.
fn counted(mut status: Value) -> Value {
    if let Some(fields) = status.as_object_mut() {
        fields.retain(|_, count| *count != 0);
    }
    status
}

/// Sets the status if it is another one.
fn with_status(resource: &Resource, object: &Value, status: Value) -> Option<Edit> {
    (object["status"] != status).then(|| {
        let mut new = object.clone();
        new["status"] = status;
        Edit::Status(resource.clone(), new)
    })
}
