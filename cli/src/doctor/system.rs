//! What the running system tells of itself.

use std::net::{Ipv4Addr, SocketAddr};

use chassis::platform::Platform;
use contracts::style::Style;
use serde::Deserialize;
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

use super::Finding;
use crate::{
    BUILD,
    audit::{SERVICES, services_of, simulators_of},
    remote::{Address, Admin, AdminArgs, Error, Gateway, GatewayArgs},
};

/// A clock that is off by more than this is told; answers show whole seconds only, and take their time.
const SKEW_SECONDS: i64 = 5;

/// The gateway: whether it answers, what it serves, and what its clock shows.
pub(super) async fn gateway(args: &GatewayArgs, platform: &Platform) -> Vec<Finding> {
    let gateway: Gateway = args.connect(platform);
    let address = &args.gateway;
    let served = match gateway.served().await {
        Ok(served) => served,
        Err(error) => return vec![unreachable("the gateway", address, "--port", &error, platform)],
    };
    let names: Vec<_> = served.styles.iter().map(|style| style.as_str()).collect();
    let mut findings = vec![Finding::well(format!("the gateway at {address} serves {}", names.join(", ")))];
    if let Ok(Some(date)) = gateway.date().await {
        findings.extend(clock(&date, platform.clock.now()));
    }
    findings
}

/// The admin port: whether it answers, whether all is there and well, and which release it is.
pub(super) async fn admin(args: &AdminArgs, platform: &Platform) -> Vec<Finding> {
    let admin = args.connect(platform);
    let readiness = match admin.readiness().await {
        Ok(readiness) => readiness,
        Err(error) => {
            return vec![unreachable("the admin port", &args.admin, "--admin-port", &error, platform)];
        }
    };
    let mut findings = vec![Finding::well(format!("the admin port at {} answers", args.admin))];
    for check in readiness.checks.iter().filter(|check| !check.ready) {
        let reason = check.reason.as_deref().unwrap_or("it does not say why");
        let what =
            format!("{}/{} is not ready: {}: {reason}", check.app.style, check.app.service, check.name);
        findings.push(Finding::broken(what, "Its log says more; a full disk is the most frequent reason."));
    }
    if readiness.ready {
        findings.push(Finding::well("every service is ready"));
    }
    findings.extend(completeness(&admin).await);
    findings.push(version(&admin).await);
    findings
}

/// Whether every style has all its services.
async fn completeness(admin: &Admin) -> Vec<Finding> {
    let Ok(apps) = admin.apps().await else { return vec![] };
    let incomplete = Style::ALL.into_iter().filter_map(|style| {
        let there: Vec<_> = services_of(&apps, style).map(|app| &*app.service).collect();
        let missing: Vec<_> = SERVICES.into_iter().filter(|service| !there.contains(service)).collect();
        let advice = "Start it as a whole: `switchyard up --styles …`, or every service by itself.";
        if !there.is_empty() && !missing.is_empty() {
            return Some(Finding::broken(format!("{style} lacks {}", missing.join(", ")), advice));
        }
        let outside = there.is_empty() || simulators_of(&apps, style).is_some();
        (!outside).then(|| {
            Finding::doubtful(format!("{style} has no simulators"), "Scripts and `verify` need them.")
        })
    });
    incomplete.collect()
}

/// The part of `/version` that matters here.
#[derive(Deserialize)]
struct Version {
    version: String,
    #[serde(default)]
    commit: String,
}

async fn version(admin: &Admin) -> Finding {
    let own = BUILD;
    match admin.get::<Version>("/version").await {
        Ok(theirs) if theirs.version == own.version && theirs.commit == own.commit => Finding::well(format!(
            "the system and this program are the same build ({} {})",
            own.version, own.commit
        )),
        Ok(Version { version, commit }) => Finding::doubtful(
            format!("the system is {version} {commit}, this program {} {}", own.version, own.commit),
            "Use the `switchyard` that the system was started with, or restart the system with this one.",
        ),
        Err(error) => {
            Finding::doubtful(chassis::problem::chain(&error), "The release of the system is unknown.")
        }
    }
}

/// Something does not answer, and why that may be: whether the port is free tells much.
fn unreachable(whose: &str, address: &Address, flag: &str, error: &Error, platform: &Platform) -> Finding {
    let port = address.port();
    let what = chassis::problem::chain(error);
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    match (address.is_local(), platform.network.listen(here)) {
        (false, _) => Finding::broken(what, "Is the address right, and can it be reached from here?"),
        (true, Ok(_)) => Finding::broken(
            format!("nobody listens on port {port}, where {whose} should be"),
            "Start the system with `switchyard up`.",
        ),
        (true, Err(_)) => Finding::broken(
            format!("port {port} is in use, and not by {whose}: {what}"),
            format!("Stop what listens there, or choose another port with `switchyard up {flag} PORT`."),
        ),
    }
}

/// What the gateway's clock shows, against `now` here in microseconds since the Unix epoch.
fn clock(date: &str, now: i64) -> Option<Finding> {
    let theirs = OffsetDateTime::parse(&date.replace("GMT", "+0000"), &Rfc2822).ok()?.unix_timestamp();
    let skew = theirs - now / 1_000_000;
    if skew.abs() <= SKEW_SECONDS {
        return Some(Finding::well("the gateway's clock and this machine's agree"));
    }
    let ahead = if skew > 0 { "ahead of" } else { "behind" };
    Some(Finding::doubtful(
        format!("the gateway's clock is {} s {ahead} this machine's", skew.abs()),
        "Let both follow a time server: timestamps of the two cannot be compared.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Grade;

    const DATE: &str = "Sat, 31 Jan 2026 12:00:00 GMT";
    const MICROS: i64 = 1_769_860_800_000_000;

    #[test]
    fn a_clock_that_is_far_off_is_told() {
        let grade = |offset_seconds: i64| clock(DATE, MICROS + offset_seconds * 1_000_000).unwrap().grade;
        assert_eq!([grade(0), grade(5), grade(-5)], [Grade::Well; 3]);
        assert_eq!([grade(6), grade(-60)], [Grade::Doubtful; 2]);
        assert!(clock(DATE, MICROS - 60_000_000).unwrap().what.contains("60 s ahead"));
    }

    #[test]
    fn a_date_that_cannot_be_read_tells_nothing() {
        assert_eq!(clock("yesterday", MICROS), None);
    }
}
