use contracts::outside::simulators::ChangeFaults;
use proptest::prelude::*;

use super::*;

fn scripted(behaviour: Behaviour) -> ChangeSettings {
    let reference = "web-4711".parse().unwrap();
    ChangeSettings { scripts: [(reference, Some(behaviour))].into(), ..ChangeSettings::default() }
}

fn wrong_fields(system: System, change: &ChangeSettings) -> Vec<String> {
    let errors = changed(system, &Settings::default(), change).unwrap_err();
    errors.into_iter().map(|error| error.field).collect()
}

#[test]
fn what_a_change_does_not_name_stays_as_it_is() {
    let faults = Faults { latency_ms: 5, jitter_ms: 6, error_rate: 0.1, drop_rate: 0.2, down: true };
    let settings = Settings { default: Behaviour::Hold, refuse_rate: 0.3, faults, seed: 9 };
    assert_eq!(changed(System::Payment, &settings, &ChangeSettings::default()), Ok(settings.clone()));

    let faults = ChangeFaults { down: Some(false), ..ChangeFaults::default() };
    let change = ChangeSettings { seed: Some(10), faults, ..ChangeSettings::default() };
    let after = changed(System::Payment, &settings, &change).unwrap();
    assert_eq!((after.seed, after.faults.down), (10, false));
    assert_eq!((after.refuse_rate, after.faults.latency_ms), (0.3, 5));
}

#[test]
fn nothing_goes_wrong_while_it_is_quiet_and_every_fault_ends_that() {
    let quiet = Settings::default();
    assert!(is_quiet(&quiet));
    for nth in 1..100 {
        assert_eq!(trouble(System::Payment, &quiet, "key", nth), Trouble::default());
    }
    let faults = [
        Faults { latency_ms: 1, ..Faults::default() },
        Faults { jitter_ms: 1, ..Faults::default() },
        Faults { error_rate: 0.01, ..Faults::default() },
        Faults { drop_rate: 0.01, ..Faults::default() },
        Faults { down: true, ..Faults::default() },
    ];
    for faults in faults {
        let settings = Settings { faults, ..quiet.clone() };
        assert!(!is_quiet(&settings), "{settings:?}");
    }
}

#[test]
fn every_wrong_number_is_named() {
    let faults = ChangeFaults {
        latency_ms: Some(60_001),
        jitter_ms: Some(60_001),
        error_rate: Some(-0.1),
        drop_rate: Some(1.1),
        down: None,
    };
    let change = ChangeSettings { refuse_rate: Some(2.0), faults, ..ChangeSettings::default() };
    assert_eq!(
        wrong_fields(System::Carrier, &change),
        ["refuse_rate", "faults.error_rate", "faults.drop_rate", "faults.latency_ms", "faults.jitter_ms"]
    );
}

#[test]
fn a_system_is_only_asked_for_what_it_can_do() {
    for (system, cannot) in [
        (System::Payment, vec![Behaviour::Refuse]),
        (System::Carrier, vec![Behaviour::Decline, Behaviour::SoftDecline]),
        (System::Mail, vec![Behaviour::Refuse, Behaviour::Decline, Behaviour::SoftDecline]),
    ] {
        for behaviour in cannot {
            assert_eq!(wrong_fields(system, &scripted(behaviour)), ["scripts.web-4711"]);
            let change = ChangeSettings { default: Some(behaviour), ..ChangeSettings::default() };
            assert_eq!(wrong_fields(system, &change), ["default"]);
        }
        for behaviour in [Behaviour::Accept, Behaviour::Hold] {
            assert!(changed(system, &Settings::default(), &scripted(behaviour)).is_ok());
        }
    }
}

#[test]
fn mail_refuses_nothing() {
    let change = ChangeSettings { refuse_rate: Some(0.5), ..ChangeSettings::default() };
    assert_eq!(wrong_fields(System::Mail, &change), ["refuse_rate"]);
}

#[test]
fn a_script_goes_before_chance_and_chance_before_the_default() {
    let settings = Settings { default: Behaviour::Hold, refuse_rate: 1.0, ..Settings::default() };
    let unscripted = |system, settings| behaviour(system, settings, None, "key");
    assert_eq!(behaviour(System::Payment, &settings, Some(Behaviour::Accept), "key"), Behaviour::Accept);
    assert_eq!(unscripted(System::Payment, &settings), Behaviour::Decline);
    assert_eq!(unscripted(System::Carrier, &settings), Behaviour::Refuse);
    let lenient = Settings { refuse_rate: 0.0, ..settings.clone() };
    assert_eq!(unscripted(System::Carrier, &lenient), Behaviour::Hold);
}

#[test]
fn about_as_many_are_refused_as_the_rate_says_and_another_seed_refuses_others() {
    let refused = |seed| {
        let settings = Settings { refuse_rate: 0.25, seed, ..Settings::default() };
        let is_refused = move |key: &u32| {
            behaviour(System::Carrier, &settings, None, &key.to_string()) == Behaviour::Refuse
        };
        (0..1000).filter(is_refused).collect::<Vec<u32>>()
    };
    assert!((200..300).contains(&refused(1).len()), "{}", refused(1).len());
    assert_eq!(refused(1), refused(1));
    assert_ne!(refused(1), refused(2));
}

#[test]
fn who_is_down_is_down_for_every_call() {
    let faults = Faults { down: true, error_rate: 1.0, ..Faults::default() };
    let settings = Settings { faults, ..Settings::default() };
    assert_eq!(trouble(System::Mail, &settings, "key", 1).failure, Some(Failure::Down));
}

#[test]
fn a_call_that_fails_by_chance_does_not_fail_for_ever() {
    let faults = Faults { error_rate: 0.5, drop_rate: 0.5, ..Faults::default() };
    let settings = Settings { faults, ..Settings::default() };
    let failures: Vec<_> = (1..50).map(|nth| trouble(System::Mail, &settings, "key", nth).failure).collect();
    for expected in [None, Some(Failure::NotDone), Some(Failure::AnswerLost)] {
        assert!(failures.contains(&expected), "{expected:?}");
    }
}

proptest! {
    #[test]
    fn the_same_call_has_the_same_luck(seed: u64, nth in 1_u64..100, key in "[a-z0-9/]{1,40}", rate in 0.0..1.0) {
        let faults = Faults { jitter_ms: 100, error_rate: rate, drop_rate: rate, ..Faults::default() };
        let settings = Settings { seed, refuse_rate: rate, faults, ..Settings::default() };
        let luck = || (
            trouble(System::Payment, &settings, &key, nth),
            behaviour(System::Payment, &settings, None, &key),
        );
        prop_assert_eq!(luck(), luck());
    }

    #[test]
    fn jitter_adds_to_the_latency_and_no_more_than_it_may(seed: u64, latency_ms in 0_u64..100, jitter_ms in 0_u64..100) {
        let faults = Faults { latency_ms, jitter_ms, ..Faults::default() };
        let settings = Settings { seed, faults, ..Settings::default() };
        let delay = trouble(System::Carrier, &settings, "key", 1).delay;
        prop_assert!(delay >= Duration::from_millis(latency_ms));
        prop_assert!(delay <= Duration::from_millis(latency_ms + jitter_ms));
    }
}
