//! The commands that look at one thing.

use clap::{CommandFactory, Parser};
use contracts::{outside::simulators::Behaviour, style::Style};
use switchyard::CommandLine;

use crate::{
    stand_in::{Faults, stand_in, stand_in_with},
    terminal::switchyard,
};

#[test]
fn the_command_line_makes_sense() {
    CommandLine::command().debug_assert();
}

#[test]
fn every_command_and_option_says_what_it_is_for() {
    fn check(command: &clap::Command, path: &str) {
        let path = format!("{path} {}", command.get_name());
        assert!(command.get_about().is_some(), "{path}");
        for option in command.get_arguments() {
            assert!(option.get_help().is_some(), "{path} {}", option.get_id());
        }
        command.get_subcommands().for_each(|command| check(command, &path));
    }
    check(&CommandLine::command(), "");
}

#[test]
fn wrong_usage_ends_with_two() {
    for typed in [
        &["order", "--style", "telepathy"][..],
        &["verify", "--wait", "soon"],
        &["saga"],
        &["trace", "first"],
        &["nothing"],
    ] {
        let error = CommandLine::try_parse_from([&["switchyard"], typed].concat()).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{typed:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_saga_is_found_in_whatever_style_it_is() {
    let stand_in = stand_in();
    switchyard(&stand_in.platform, &["order", "--style", "rest"]).await.with(0);
    let id = *stand_in.world().state().orders.keys().next().unwrap();
    let ended = switchyard(&stand_in.platform, &["saga", &id.to_string()]).await;
    assert!(
        ended.told(0).starts_with("place_order of ordering in the style rest: completed"),
        "{}",
        ended.out
    );
    assert!(ended.out.contains("CREDIT_CONFIRMED"), "{}", ended.out);
}

#[tokio::test(start_paused = true)]
async fn an_order_is_drawn_in_whatever_style_it_is() {
    let stand_in = stand_in();
    switchyard(&stand_in.platform, &["order", "--style", "rest"]).await.with(0);
    let id = stand_in.world().state().orders.keys().next().unwrap().to_string();
    let ended = switchyard(&stand_in.platform, &["trace", &id, "--width", "100"]).await;
    assert!(
        ended.told(0).starts_with(&format!("order {id} in the style rest: PENDING after 0.0 ms")),
        "{}",
        ended.out
    );
    assert!(ended.out.contains("◆ PENDING") && ended.out.contains("2 messages, 10 calls"), "{}", ended.out);
    let figures = tempfile::NamedTempFile::new().unwrap();
    let path = figures.path().to_str().unwrap();
    let ended =
        switchyard(&stand_in.platform, &["trace", &id, "--style", "rest", "--ascii", "--json", path]).await;
    assert!(ended.told(0).is_ascii(), "{}", ended.out);
    let told: contracts::timeline::Timeline = serde_json::from_reader(figures.as_file()).unwrap();
    assert_eq!(told.order_id.to_string(), id);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_is_not_there_is_a_failure() {
    let stand_in = stand_in();
    let id = "0198c5f0-3a6e-7c61-8f6e-2f3d1c9b7a10";
    let ended = switchyard(&stand_in.platform, &["trace", id]).await;
    assert!(ended.told(1).contains(&format!("there is no order {id}")), "{}", ended.err);
}

#[tokio::test(start_paused = true)]
async fn a_saga_that_is_not_there_is_a_failure() {
    let stand_in = stand_in();
    let id = "0198c5f0-3a6e-7c61-8f6e-2f3d1c9b7a10";
    let ended = switchyard(&stand_in.platform, &["saga", id]).await;
    assert!(ended.told(1).contains(&format!("there is no saga {id}")), "{}", ended.err);
}

#[tokio::test(start_paused = true)]
async fn simulators_are_set_in_the_styles_that_are_named() {
    let stand_in = stand_in();
    let arguments = ["simulators", "set", "carrier", "--script", "web-1=refuse", "--style", "rest"];
    switchyard(&stand_in.platform, &arguments).await.with(0);
    let script = |place: usize| {
        let state = stand_in.worlds[place].1.state();
        state.carrier.scripts.get(&"web-1".parse().unwrap()).copied()
    };
    assert_eq!(script(0), Some(Behaviour::Refuse));
    assert!((1..stand_in.worlds.len()).all(|place| script(place).is_none()));
    switchyard(&stand_in.platform, &["simulators", "set", "carrier", "--script", "web-1=none"]).await.with(0);
    assert_eq!(script(0), None);
}

#[tokio::test(start_paused = true)]
async fn simulators_are_shown_one_line_each() {
    let stand_in = stand_in_with(&[Style::Rest], Faults::default());
    let ended = switchyard(&stand_in.platform, &["simulators", "show"]).await;
    for system in ["payment", "carrier", "mail"] {
        assert!(ended.told(0).contains(&format!("rest/{system}: up, answers accept")), "{}", ended.out);
    }
    let one = switchyard(&stand_in.platform, &["simulators", "show", "mail"]).await;
    assert!(!one.told(0).contains("carrier"), "{}", one.out);
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_is_listed_shown_and_retried_or_discarded() {
    let stand_in = stand_in();
    let [one, other] = [1, 2].map(uuid::Uuid::from_u128);
    stand_in.world().state().parked = vec![one, other];
    let typed = async |arguments: &[&str]| {
        switchyard(&stand_in.platform, &[&["dead-letters"], arguments].concat()).await.told(0).to_owned()
    };
    let listed = typed(&["list"]).await;
    assert!(listed.contains(&format!("{one}  rest/billing")), "{listed}");
    assert!(
        listed.contains("failed 5 times: reading the command; waits for an operator; 2 more"),
        "{listed}"
    );
    assert!(typed(&["show", &one.to_string()]).await.contains("\"failures\": 5"));

    typed(&["retry", &one.to_string()]).await;
    typed(&["discard", &other.to_string(), "--reason", "no use", "--by", "ada"]).await;
    assert_eq!(stand_in.world().state().retried, [one]);
    assert_eq!(stand_in.world().state().discarded, [(other, "no use (ada)".to_owned())]);
    let listed = typed(&["list"]).await;
    assert!(listed.contains("discarded by ada: no use") && listed.contains("nothing is parked"), "{listed}");
}

#[tokio::test(start_paused = true)]
async fn services_without_dead_letters_have_none_parked() {
    let stand_in = stand_in();
    let ended = switchyard(&stand_in.platform, &["dead-letters", "list"]).await;
    assert_eq!(ended.told(0), "nothing is parked\n");
    let id = "0198c5f0-3a6e-7c61-8f6e-2f3d1c9b7a10";
    for typed in [&["dead-letters", "retry", id][..], &["dead-letters", "discard", id, "--reason", "no use"]]
    {
        let ended = switchyard(&stand_in.platform, typed).await;
        assert!(ended.told(1).contains("no service has parked"), "{}", ended.err);
    }
}

#[tokio::test(start_paused = true)]
async fn the_doctor_finds_a_healthy_system_well() {
    let stand_in = stand_in();
    let ended = switchyard(&stand_in.platform, &["doctor", "--data-dir", "no-such-directory"]).await;
    assert!(ended.told(0).contains("every service is ready"), "{}", ended.out);
    assert!(ended.out.contains("the same build"), "{}", ended.out);
    assert!(ended.out.contains("no data in `no-such-directory` yet"), "{}", ended.out);
}

#[tokio::test(start_paused = true)]
async fn the_doctor_says_what_to_do_where_nobody_listens() {
    let platform = chassis::platform::Platform::simulated(1, database::Clock::system());
    let ended = switchyard(&platform, &["doctor", "--data-dir", "no-such-directory"]).await;
    assert_eq!(ended.code, std::process::ExitCode::from(1));
    assert!(ended.out.contains("nobody listens on port 8080, where the gateway should be"), "{}", ended.out);
    assert!(
        ended.out.contains("nobody listens on port 8081, where the admin port should be"),
        "{}",
        ended.out
    );
    assert!(ended.out.contains("Start the system with `switchyard up`."), "{}", ended.out);
}

#[tokio::test(start_paused = true)]
async fn the_doctor_tells_a_stranger_on_the_port_from_nobody() {
    let platform = chassis::platform::Platform::simulated(1, database::Clock::system());
    let stranger = platform.network.listen(([127, 0, 0, 1], 8080).into()).unwrap();
    let ended = switchyard(&platform, &["doctor", "--data-dir", "no-such-directory"]).await;
    assert!(ended.out.contains("port 8080 is in use, and not by the gateway"), "{}", ended.out);
    assert!(ended.out.contains("`switchyard up --port PORT`"), "{}", ended.out);
    drop(stranger);
}
