//! The server: what clients talk to, and what tests hold.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use http::{Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use k8s_openapi::jiff::Timestamp;
use kube::{Client, core::Status};
use serde_json::{Value, json};
use tower::{BoxError, Service};

use crate::{
    Clock, Resource, View,
    call::{Call, Part},
    refusal,
    store::{Landed, Store},
    verbs::{self, Answer, Watch},
};

/// What is answered.
pub type Body = UnsyncBoxBody<Bytes, Infallible>;

/// A Kubernetes API server in memory. Its clones are the same server.
#[derive(Clone)]
pub struct Server {
    store: Arc<Mutex<Store>>,
    clock: Clock,
}

impl Default for Server {
    fn default() -> Self {
        Self::new()
    }
}

impl Server {
    /// A server that knows the built-in kinds of objects that are constants of [`Resource`], and has none of them.
    #[must_use]
    pub fn new() -> Self {
        Self::starting_at(Timestamp::now())
    }

    /// The same, of which the clock shows this now; so that two runs stamp the same.
    #[must_use]
    pub fn starting_at(epoch: Timestamp) -> Self {
        let clock = Clock::starting_at(epoch);
        let mut store = Store::new(clock);
        Resource::BUILT_IN.into_iter().for_each(|resource| store.register(resource));
        Self { store: Arc::new(Mutex::new(store)), clock }
    }

    /// The same, which knows this kind of objects too.
    #[must_use]
    pub fn with(self, resource: Resource) -> Self {
        self.lock().register(resource);
        self
    }

    /// The same, which remembers so many changes of each kind of objects, 1,024 if nothing is said. Who watches from an earlier
    /// one is answered 410.
    #[must_use]
    pub fn remembering(self, changes: usize) -> Self {
        self.lock().history = changes;
        self
    }

    /// From now on nobody may do this, which is one of the verbs of roles (`get`, `list`, `watch`, `create`, `update`, `patch`, `delete`,
    /// `deletecollection`): it is refused, and reviews of access say so.
    pub fn forbid(&self, verb: &str, resource: &Resource) {
        self.lock().forbidden.push((verb.to_owned(), resource.clone()));
    }

    /// A client of this server, in this namespace.
    #[must_use]
    pub fn client(&self, namespace: &str) -> Client {
        Client::new(self.clone(), namespace)
    }

    /// The clock that objects are stamped by.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Tells of each write that lands, at the moment at which it does: whoever is told must not ask the server, but the view.
    pub fn observe(&self, observer: impl FnMut(&Landed<'_>, &View<'_>) + Send + 'static) {
        self.lock().observe(Box::new(observer));
    }

    /// Forgets what happened until now: watches from an earlier version are answered 410.
    pub fn compact(&self) {
        self.lock().compact();
    }

    /// Looks at everything there is at this moment.
    pub fn view<T>(&self, look: impl FnOnce(&View<'_>) -> T) -> T {
        look(&View(&self.lock()))
    }

    /// The version of the last change.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.lock().revision
    }

    /// An object. The namespace of one of the whole cluster is empty.
    #[must_use]
    pub fn get(&self, resource: &Resource, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.view(|view| view.get(resource, namespace, name).cloned())
    }

    /// All objects of a resource, by namespace and name.
    #[must_use]
    pub fn all(&self, resource: &Resource) -> Vec<Arc<Value>> {
        self.view(|view| view.all(resource).cloned().collect())
    }

    /// Creates an object, which says itself of which kind it is, and in which namespace. Its status is kept too.
    ///
    /// # Errors
    /// What a client would be answered.
    pub fn create(&self, manager: &str, mut object: Value) -> Result<Value, Box<Status>> {
        let resources = self.lock().resources();
        let Some(resource) = resources.iter().find(|resource| resource.is_of(&object)) else {
            return Err(refusal::bad_request("no kind of objects is registered that this is of"));
        };
        let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
        let status = object["status"].take();
        let call = Call::own(resource, &namespace, &name, Part::Main, manager);
        let created = verbs::create(&mut self.lock(), &call, object)?;
        if status.is_null() {
            return Ok(created);
        }
        let name = created["metadata"]["name"].as_str().unwrap_or_default();
        self.set_status(manager, resource, &namespace, name, |object| object["status"] = status)
    }

    /// Changes an object, but for its status.
    ///
    /// # Errors
    /// What a client would be answered.
    pub fn edit(
        &self,
        manager: &str,
        resource: &Resource,
        namespace: &str,
        name: &str,
        change: impl FnOnce(&mut Value),
    ) -> Result<Value, Box<Status>> {
        self.change(&Call::own(resource, namespace, name, Part::Main, manager), change)
    }

    /// Changes an object's status.
    ///
    /// # Errors
    /// What a client would be answered.
    pub fn set_status(
        &self,
        manager: &str,
        resource: &Resource,
        namespace: &str,
        name: &str,
        change: impl FnOnce(&mut Value),
    ) -> Result<Value, Box<Status>> {
        let part = if resource.status { Part::Status } else { Part::Main };
        self.change(&Call::own(resource, namespace, name, part, manager), change)
    }

    /// Deletes an object; it stays until nothing keeps it any more.
    ///
    /// # Errors
    /// What a client would be answered.
    pub fn delete(
        &self,
        manager: &str,
        resource: &Resource,
        namespace: &str,
        name: &str,
    ) -> Result<Value, Box<Status>> {
        let call = Call::own(resource, namespace, name, Part::Main, manager);
        verbs::delete(&mut self.lock(), &call, &json!({}))
    }

    /// Removes an object at once, whatever keeps it.
    pub(crate) fn remove(&self, manager: &str, resource: &Resource, namespace: &str, name: &str) {
        self.lock().land(resource, (namespace.to_owned(), name.to_owned()), None, manager);
    }

    pub(crate) fn read<T>(&self, read: impl FnOnce(&Store) -> T) -> T {
        read(&self.lock())
    }

    fn change(&self, call: &Call, change: impl FnOnce(&mut Value)) -> Result<Value, Box<Status>> {
        verbs::update(&mut self.lock(), call, |mut object| {
            change(&mut object);
            object
        })
    }

    fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, request: &Request<Bytes>) -> Response<Body> {
        let mut store = self.lock();
        let (parts, resources) = (parts_of(request), store.resources());
        let answer = match Call::read(&parts, &resources) {
            Ok(Some(call)) => verbs::perform(&mut store, &call, request),
            Ok(None) => return response(StatusCode::NOT_FOUND, "404 page not found".into(), None),
            Err(status) => Err(status),
        };
        drop(store);
        match answer {
            Ok(Answer::Object(code, object)) => response(code, object.to_string().into(), None),
            Ok(Answer::Watch(watch)) => self.told(watch),
            Err(status) => refused(&status),
        }
    }

    fn told(&self, watch: Box<Watch>) -> Response<Body> {
        let lines = stream::unfold((watch, self.clone()), |(mut watch, server)| async move {
            let line = watch.line(&server).await?;
            Some((Ok(Frame::data(line)), (watch, server)))
        });
        Response::new(BodyExt::boxed_unsync(StreamBody::new(lines.boxed())))
    }
}

/// A refusal as it is answered.
pub(crate) fn refused(status: &Status) -> Response<Body> {
    let mut object = serde_json::to_value(status).unwrap_or_default();
    object["kind"] = "Status".into();
    object["apiVersion"] = "v1".into();
    object["metadata"] = json!({});
    let later =
        status.details.as_ref().map(|details| details.retry_after_seconds).filter(|seconds| *seconds > 0);
    let code = StatusCode::from_u16(status.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response(code, object.to_string().into(), later)
}

fn response(code: StatusCode, body: Bytes, retry_after: Option<u32>) -> Response<Body> {
    let mut response = Response::new(BodyExt::boxed_unsync(Full::new(body)));
    *response.status_mut() = code;
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(http::header::RETRY_AFTER, seconds.into());
    }
    response
}

fn parts_of(request: &Request<Bytes>) -> http::request::Parts {
    request.clone().into_parts().0
}

impl<B> Service<Request<B>> for Server
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response<Body>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let server = self.clone();
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.map_err(Into::into)?.to_bytes();
            Ok(server.answer(&Request::from_parts(parts, body)))
        }
        .boxed()
    }
}
