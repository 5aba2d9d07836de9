#![doc = include_str!("../README.md")]

mod cluster;
mod fakes;
mod manifests;
mod observer;
mod operator;
mod programs;
mod release;
mod rights;
mod stage;
mod switchovers;
mod traffic;
mod verdict;

use std::error::Error;

pub use self::{
    cluster::Cluster,
    fakes::Fakes,
    manifests::Shape,
    observer::{Observer, Sight},
    operator::{Log, Operator},
    programs::{programs, provide},
    release::Release,
    stage::Stage,
    switchovers::{GENTLE, switch, switch_all, ten_releases},
    traffic::Traffic,
    verdict::{Served, Verdict},
};

/// Why something could not be done, or was not as it should be.
pub type Failure = Box<dyn Error + Send + Sync>;
