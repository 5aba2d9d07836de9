//! What an instance of ordering is told by its environment.

use std::{path::PathBuf, time::Duration};

use chassis::config::Env;
use ordering::{Config, Reach};

#[test]
fn an_environment_that_says_nothing_is_that_of_a_developer() {
    let mut env = Env::from([]);
    let config = Config::from_env(&mut env);
    env.finish().unwrap();
    let Reach::Rest(endpoints) = &config.reach else { panic!("{config:?}") };
    let urls = [&endpoints.customers, &endpoints.warehouse, &endpoints.shipping, &endpoints.billing];
    let expected = [8101, 8103, 8104, 8105].map(|port| format!("http://127.0.0.1:{port}"));
    assert_eq!(urls, expected.each_ref());
    assert_eq!((config.listen.port(), config.database), (8102, PathBuf::from("ordering.db")));
    assert_eq!(config.wait, Duration::from_secs(5));
}

#[test]
fn what_it_says_is_taken() {
    let mut env = Env::from([
        ("CUSTOMERS_URL", "http://customers:80/"),
        ("LISTEN", "0.0.0.0:80"),
        ("WAIT_MS", "250"),
        ("PARTICIPANT_TIMEOUT_MS", "1000"),
        ("PARTICIPANT_PATIENCE_MS", "2000"),
    ]);
    let config = Config::from_env(&mut env);
    env.finish().unwrap();
    let Reach::Rest(endpoints) = &config.reach else { panic!("{config:?}") };
    assert_eq!(endpoints.customers, "http://customers:80", "paths are put behind it");
    assert_eq!(config.listen, "0.0.0.0:80".parse().unwrap());
    let [wait, timeout, patience] = [250, 1000, 2000].map(Duration::from_millis);
    assert_eq!((config.wait, config.timeout, config.patience), (wait, timeout, patience));
}

#[test]
fn everything_that_is_wrong_is_named_at_once() {
    let mut env = Env::from([("STYLE", "messaging"), ("LISTEN", "everywhere"), ("WAIT_MS", "soon")]);
    Config::from_env(&mut env);
    let error = env.finish().unwrap_err().to_string();
    assert!(["STYLE", "LISTEN", "WAIT_MS"].iter().all(|name| error.contains(name)), "{error}");
}
