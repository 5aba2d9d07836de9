//! What `/mesh` answers.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// All layers at one moment, for people and for programs that look after them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Circuit breakers.
    pub breakers: Vec<Breaker>,
    /// Sources of endpoints, and what balances over them.
    pub endpoints: Vec<Endpoints>,
    /// Limits of concurrency and of rate.
    pub limits: Vec<Limit>,
    /// Budgets of retries and hedges.
    pub budgets: Vec<Budget>,
}

/// A circuit breaker.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Breaker {
    /// What is called.
    pub name: String,
    /// Where.
    pub target: String,
    /// `closed`, `open`, `half_open`, `forced_open`, `forced_closed` or `observe`.
    pub state: String,
    /// Since when, in RFC 3339: the last change, or when it was made.
    pub since: String,
    /// Why it changed; absent if it never did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// While it is open, in how many milliseconds it is tried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_probe_ms: Option<u64>,
    /// Calls that it refused.
    pub refused: u64,
}

/// The endpoints of a service, as a source knows them or as a balancer uses them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Endpoints {
    /// What is called.
    pub name: String,
    /// Where.
    pub target: String,
    /// `discovery` or `balance`. What is absent is for the other to tell.
    pub kind: String,
    /// How many are to be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready: Option<usize>,
    /// How many are about to leave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaving: Option<usize>,
    /// How many are not to be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_ready: Option<usize>,
    /// For how many milliseconds nobody has confirmed that the set is so; absent if nobody has to, or if there is none yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<u64>,
    /// How many get calls as they should.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eligible: Option<usize>,
    /// How many are ejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ejected: Option<usize>,
    /// How many have a breaker that is not closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<usize>,
    /// Whether ejections are ignored, since too few are eligible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub panicking: Option<bool>,
    /// Some of them, one by one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<Endpoint>,
}

/// One endpoint, as a balancer uses it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Endpoint {
    /// Where it listens.
    pub address: SocketAddr,
    /// `ready`, `leaving` or `not_ready`.
    pub condition: String,
    /// The state of its breaker; absent if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaker: Option<String>,
    /// Whether it is ejected.
    pub ejected: bool,
    /// Calls that are under way.
    pub pending: u64,
    /// In how many milliseconds it is thought to answer; absent as long as it never has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers_in_ms: Option<u64>,
}

/// How many calls may be under way, or made in a time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Limit {
    /// What is called.
    pub name: String,
    /// Where.
    pub target: String,
    /// `concurrency`, `bulkhead` or `rate_limit`.
    pub kind: String,
    /// How many may be under way, where that is one number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// How many are under way, where that is one number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub under_way: Option<u64>,
    /// How many wait.
    pub waiting: u64,
    /// Calls that were refused.
    pub refused: u64,
}

/// What there is room for beyond first attempts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Budget {
    /// What is called.
    pub name: String,
    /// Where.
    pub target: String,
    /// How many attempts there is room for now.
    pub left: u64,
    /// How many were granted.
    pub granted: u64,
    /// How many were denied.
    pub denied: u64,
}
