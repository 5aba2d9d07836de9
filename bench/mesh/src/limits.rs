//! Limits on how many calls are made at a time, with room to spare, which is where they are nearly always.

use mesh::{
    bulkhead::{self, BulkheadLayer},
    classify::Results,
    concurrency::{Builder, Policy, Priority},
};
use tower::{Layer, limit::ConcurrencyLimitLayer, service_fn};

use crate::{
    Failure,
    compare::Candidate,
    measure::{Once, Subject, calls, finish_later},
    report::Goal,
};

const LIMIT: u32 = 100;

/// Ours and tower's.
pub(crate) fn candidates() -> Result<Vec<Candidate>, Failure> {
    Ok(vec![
        Candidate::new("mesh, fixed limit", None, limited(Policy::fixed(LIMIT))?).allocates(0.0),
        Candidate::new("mesh, adaptive limit", Some(Goal::Nanos(100.0)), limited(Policy::default())?)
            .allocates(0.0),
        Candidate::new("mesh, bulkhead of a key", None, bulkheads()?),
        Candidate::new("tower's ConcurrencyLimit", None, towers()),
    ])
}

fn limited(policy: Policy) -> Result<[Subject; 2], Failure> {
    let layer = Builder::new(policy).priority(Priority::Normal).build(Results::default())?;
    Ok([(); 2].map(|()| {
        let mut service = layer.layer(service_fn(|()| Once::default()));
        calls(move || finish_later(&mut service))
    }))
}

fn bulkheads() -> Result<[Subject; 2], Failure> {
    let policy = bulkhead::Policy { limit: LIMIT, ..bulkhead::Policy::default() };
    let layer = BulkheadLayer::new(policy, |_: &()| Some(7_u64))?;
    Ok([(); 2].map(|()| {
        let mut service = layer.layer(service_fn(|()| Once::default()));
        calls(move || finish_later(&mut service))
    }))
}

fn towers() -> [Subject; 2] {
    let service = ConcurrencyLimitLayer::new(LIMIT as usize).layer(service_fn(|()| Once::default()));
    [(); 2].map(|()| {
        let mut service = service.clone();
        calls(move || finish_later(&mut service))
    })
}
