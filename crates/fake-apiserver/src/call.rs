//! What a request asks for.

use http::{Method, request::Parts};
use kube::core::Status;
use serde::Deserialize;

use crate::{Resource, fields::By, refusal, selector::Filter, store::Store};

/// What a request asks for: which objects, and how.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) resource: Resource,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) part: Part,
    pub(crate) params: Params,
    pub(crate) filter: Filter,
    /// Who writes.
    pub(crate) manager: String,
    /// Only the metadata is answered.
    pub(crate) metadata_only: bool,
    /// Whether what is written must be as the server demands it; tests and controllers may leave out what nobody looks at.
    pub(crate) checked: bool,
}

/// Which part of an object is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Everything but the status, where that is a part of its own.
    Main,
    /// The status.
    Status,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Params {
    watch: String,
    pub(crate) limit: usize,
    #[serde(rename = "continue")]
    pub(crate) token: String,
    pub(crate) resource_version: String,
    pub(crate) resource_version_match: String,
    pub(crate) timeout_seconds: Option<u64>,
    allow_watch_bookmarks: String,
    send_initial_events: String,
    label_selector: String,
    field_selector: String,
    dry_run: String,
    field_manager: String,
    force: String,
}

impl Params {
    pub(crate) fn watches(&self) -> bool {
        is_true(&self.watch)
    }

    pub(crate) fn bookmarks(&self) -> bool {
        is_true(&self.allow_watch_bookmarks)
    }

    pub(crate) fn initial_events(&self) -> bool {
        is_true(&self.send_initial_events)
    }

    pub(crate) fn dry_run(&self) -> bool {
        self.dry_run == "All"
    }

    pub(crate) fn dry(self) -> Self {
        Self { dry_run: "All".to_owned(), ..self }
    }

    pub(crate) fn force(&self) -> bool {
        is_true(&self.force)
    }

    /// Refuses what does not go together.
    fn check(&self, method: &Method) -> Result<(), Box<Status>> {
        let patches = *method == Method::PATCH;
        if patches && !matches!(self.dry_run.as_str(), "" | "All") {
            return Err(refusal::options("PatchOptions", &[("FieldValueNotSupported", "dryRun")]));
        }
        let (matches, field) = (self.resource_version_match.as_str(), "resourceVersionMatch");
        let mut wrong = vec![];
        let initial = self.watches() && self.initial_events();
        let forbidden = match matches {
            "" => initial,
            _ if self.watches() => !initial,
            "Exact" => matches!(self.resource_version.as_str(), "" | "0"),
            _ => self.resource_version.is_empty(),
        };
        if forbidden {
            wrong.push(("FieldValueForbidden", field));
        }
        let known = matches!(matches, "" | "NotOlderThan") || matches == "Exact" && !self.watches();
        if !known {
            wrong.push(("FieldValueNotSupported", field));
        }
        if wrong.is_empty() { Ok(()) } else { Err(refusal::options("ListOptions", &wrong)) }
    }

    /// The resourceVersion as a number; of none and of "0" none.
    pub(crate) fn revision(&self) -> Result<Option<u64>, Box<Status>> {
        match self.resource_version.as_str() {
            "" | "0" => Ok(None),
            text => text.parse().map(Some).map_err(|_| {
                refusal::bad_request(&format!("resourceVersion: Invalid value: {text:?}: strconv.ParseUint"))
            }),
        }
    }
}

fn is_true(text: &str) -> bool {
    matches!(text, "true" | "1")
}

impl Call {
    /// A call that a test or a controller makes itself.
    pub(crate) fn own(resource: &Resource, namespace: &str, name: &str, part: Part, manager: &str) -> Self {
        Self {
            resource: resource.clone(),
            namespace: resource.namespaced.then(|| namespace.to_owned()),
            name: Some(name.to_owned()),
            part,
            params: Params::default(),
            filter: Filter::default(),
            manager: manager.to_owned(),
            metadata_only: false,
            checked: false,
        }
    }

    /// Reads a request; nothing if its path is not one of these resources.
    pub(crate) fn read(parts: &Parts, resources: &[Resource]) -> Result<Option<Self>, Box<Status>> {
        let segments: Vec<_> = parts.uri.path().split('/').filter(|segment| !segment.is_empty()).collect();
        let (group, version, rest) = match segments.as_slice() {
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return Ok(None),
        };
        let (namespace, rest) = match rest {
            ["namespaces", namespace, rest @ ..] if rest.first().is_some_and(|first| *first != "status") => {
                (Some((*namespace).to_owned()), rest)
            }
            rest => (None, rest),
        };
        let (plural, name, part) = match rest {
            [plural] => (*plural, None, Part::Main),
            [plural, name] => (*plural, Some((*name).to_owned()), Part::Main),
            [plural, name, "status"] => (*plural, Some((*name).to_owned()), Part::Status),
            _ => return Ok(None),
        };
        let found =
            resources.iter().find(|one| one.group == group && one.version == version && one.plural == plural);
        let Some(resource) = found.filter(|one| part == Part::Main || one.status) else {
            let is_served = resources.iter().any(|one| one.group == group && one.version == version);
            return if is_served { Err(refusal::no_resource()) } else { Ok(None) };
        };
        let params: Params = serde_html_form::from_str(parts.uri.query().unwrap_or_default())
            .map_err(|error| refusal::bad_request(&error.to_string()))?;
        params.check(&parts.method)?;
        let filter = Filter::new(namespace.as_deref(), &params.label_selector, &params.field_selector)?;
        if let Some(field) = filter.unsupported(resource) {
            return Err(refusal::bad_request(&format!("field label not supported: {field}")));
        }
        let (manager, metadata_only) = (manager(parts, &params), metadata_only(parts));
        Ok(Some(Self {
            resource: resource.clone(),
            namespace,
            name,
            part,
            params,
            filter,
            manager,
            metadata_only,
            checked: true,
        }))
    }

    /// The namespace and name by which an object is kept.
    pub(crate) fn key(&self) -> (String, String) {
        (self.namespace.clone().unwrap_or_default(), self.name.clone().unwrap_or_default())
    }

    /// Who writes what, and when.
    pub(crate) fn by(&self, store: &Store) -> By {
        By {
            manager: self.manager.clone(),
            operation: "Update",
            version: self.resource.api_version(),
            status: self.part == Part::Status,
            time: store.clock.stamp(),
        }
    }

    /// The object's name.
    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }
}

/// Who does not say is called by the program that it says it is.
fn manager(parts: &Parts, params: &Params) -> String {
    if !params.field_manager.is_empty() {
        return params.field_manager.clone();
    }
    let agent = parts.headers.get(http::header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    agent.and_then(|agent| agent.split('/').next()).unwrap_or("unknown").to_owned()
}

fn metadata_only(parts: &Parts) -> bool {
    let accept = parts.headers.get(http::header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("as=PartialObjectMetadata"))
}
