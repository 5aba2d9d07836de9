//! The panic hook: in a program of its own, since a hook is of a whole process.

use chassis::{
    metrics::{Format, Metrics, exposition},
    panics,
    platform::Platform,
};

#[test]
fn a_panic_is_counted_whoever_catches_it() {
    let metrics = Metrics::new("customers", "rest", &Platform::system()).unwrap();
    let counted = || {
        let text = exposition([&metrics], Format::Text).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("panics_total ").map(str::to_owned));
        line.unwrap()
    };
    panics::hook();
    assert_eq!(counted(), "0");
    std::thread::spawn(|| panic!("for the test")).join().unwrap_err();
    std::panic::catch_unwind(|| panic!("for the test")).unwrap_err();
    assert_eq!(counted(), "2");
}
