//! `switchyard order`.

use std::path::PathBuf;

use contracts::{ordering::OrderStatus, outside::simulators::Outcome, style::Style};
use serde_json::{Value, json};
use tempfile::TempDir;
use test_terminal::Ended;

use crate::{
    stand_in::{Faults, StandIn, stand_in, stand_in_with},
    terminal::switchyard,
};

/// A workload in a file of its own.
struct File {
    directory: TempDir,
}

impl File {
    fn of(lines: &[Value]) -> Self {
        let text: Vec<_> = lines.iter().map(ToString::to_string).collect();
        Self::with(&text.join("\n"))
    }

    fn with(text: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("workload.jsonl"), text).unwrap();
        Self { directory }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("workload.jsonl")
    }

    async fn run(&self, stand_in: &StandIn, more: &[&str]) -> Ended {
        let path = self.path();
        let arguments = [&["order", "--file", path.to_str().unwrap()], more].concat();
        switchyard(&stand_in.platform, &arguments).await
    }
}

fn eur(amount: i64) -> Value {
    json!({ "amount": amount, "currency": "EUR" })
}

fn customer(key: &str, limit: i64) -> Value {
    json!({ "customer": { "key": key, "credit_limit": eur(limit) } })
}

fn product(sku: &str, price: i64, on_hand: i64) -> Value {
    json!({ "product": { "sku": sku, "unit_price": eur(price), "on_hand": on_hand } })
}

/// An order of two pieces of tea by c1, with these fields on top.
fn order(key: &str, more: Value) -> Value {
    let items = json!([{ "sku": "tea", "quantity": 2 }]);
    let mut order =
        json!({ "key": key, "customer": "c1", "items": items, "expect": { "status": "COMPLETED" } });
    order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "order": order })
}

/// A file with plenty of credit and stock, and these lines.
fn plenty(lines: impl IntoIterator<Item = Value>) -> File {
    File::of(
        &[customer("c1", 1_000_000), product("tea", 100, 1000)].into_iter().chain(lines).collect::<Vec<_>>(),
    )
}

fn barrier() -> Value {
    json!({ "barrier": true })
}

#[tokio::test(start_paused = true)]
async fn one_order_is_told_status_by_status() {
    let stand_in = stand_in();
    let ended = switchyard(&stand_in.platform, &["order"]).await;
    let told: Vec<_> = ended.told(0).lines().filter_map(|line| line.split_whitespace().last()).collect();
    let statuses = ["OPEN", "PENDING", "CREDIT_CONFIRMED", "APPROVED", "SHIPPED", "COMPLETED"];
    assert_eq!(told[1..=statuses.len()], statuses, "{}", ended.out);
    assert!(ended.out.contains("1 order of run") && ended.out.contains("1 COMPLETED"), "{}", ended.out);
}

#[tokio::test(start_paused = true)]
async fn one_order_that_ends_otherwise_says_how() {
    let stand_in = stand_in_with(&[Style::Rest], Faults { stuck: true, ..Faults::default() });
    let ended = switchyard(&stand_in.platform, &["order", "--timeout", "5s"]).await;
    assert_eq!(ended.code, std::process::ExitCode::from(1));
    let id = *stand_in.world().state().orders.keys().next().unwrap();
    let told = format!("  order {id}: no outcome within 5 s: it is APPROVED");
    assert!(ended.out.lines().any(|line| line == told), "{}", ended.out);
}

#[tokio::test(start_paused = true)]
async fn one_order_needs_no_admin_port() {
    let stand_in = stand_in();
    switchyard(&stand_in.platform, &["order", "--admin", "http://127.0.0.1:1"]).await.with(0);
}

#[tokio::test(start_paused = true)]
async fn all_styles_end_in_a_table() {
    let stand_in = stand_in();
    let ended = switchyard(&stand_in.platform, &["order", "--style", "all"]).await;
    let table = ended.told(0).split("\n\n").nth(1).unwrap();
    let cells = |label: &str| {
        let line = table.lines().find(|line| line.trim_start().starts_with(label)).unwrap();
        line.trim_start()
            .strip_prefix(label)
            .unwrap()
            .split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let styles: Vec<_> = Style::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(table.lines().next().unwrap().split_whitespace().collect::<Vec<_>>(), styles);
    assert_eq!(cells("COMPLETED"), vec!["1"; styles.len()]);
    // As the timeline of the order adds them up.
    for (label, figure) in [("messages", "2.0"), ("calls", "10.0"), ("bytes", "3000.0"), ("commits", "21.0")]
    {
        assert_eq!(cells(&format!("{label} per order")), vec![figure; styles.len()]);
    }
    for (_, world) in &stand_in.worlds {
        assert_eq!(world.state().orders.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_style_it_is_the_default_one() {
    let stand_in = stand_in();
    switchyard(&stand_in.platform, &["order"]).await.with(0);
    let orders: Vec<_> = stand_in.worlds.iter().map(|(_, world)| world.state().orders.len()).collect();
    let last_only: Vec<_> = (1..=orders.len()).map(|place| usize::from(place == orders.len())).collect();
    assert_eq!(orders, last_only);
}

#[tokio::test(start_paused = true)]
async fn a_style_that_is_not_served_is_wrong_usage() {
    let stand_in = stand_in_with(&[Style::Rest], Faults::default());
    let ended = switchyard(&stand_in.platform, &["order", "--style", "messaging"]).await;
    assert!(ended.told(2).contains("It serves: rest."), "{}", ended.err);
}

#[tokio::test(start_paused = true)]
async fn a_bad_file_is_wrong_usage_and_nothing_is_sent() {
    let stand_in = stand_in();
    let text = format!("{}\nnot json\n{}", customer("c1", 1), order("o1", json!({})));
    let ended = File::with(&text).run(&stand_in, &[]).await;
    assert!(ended.told(2).contains("line 2: "), "{}", ended.err);
    assert!(ended.err.contains("Nothing was sent"), "{}", ended.err);
    assert!(stand_in.worlds.iter().all(|(_, world)| world.state().requests == 0));
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_not_there_is_wrong_usage() {
    let ended = switchyard(&stand_in().platform, &["order", "--file", "nowhere.jsonl"]).await;
    assert!(ended.told(2).contains("nowhere.jsonl"), "{}", ended.err);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_is_not_there_says_what_to_do() {
    let platform = chassis::platform::Platform::simulated(1, database::Clock::system());
    let ended = switchyard(&platform, &["order"]).await;
    assert!(ended.told(1).contains("the gateway at http://127.0.0.1:8080 does not answer"), "{}", ended.err);
    assert!(ended.err.contains("`switchyard up`"), "{}", ended.err);
}

#[tokio::test(start_paused = true)]
async fn two_addresses_that_were_mistaken_for_each_other_are_told() {
    let stand_in = stand_in();
    let ended = switchyard(&stand_in.platform, &["order", "--gateway", "http://127.0.0.1:8081"]).await;
    assert!(ended.told(1).contains("are two addresses"), "{}", ended.err);
    let ended = switchyard(&stand_in.platform, &["verify", "--admin", "http://127.0.0.1:8080"]).await;
    assert!(ended.told(1).contains("are two addresses"), "{}", ended.err);
}

#[tokio::test(start_paused = true)]
async fn scripts_without_an_admin_port_are_refused_before_anything_is_sent() {
    let stand_in = stand_in();
    let file = plenty([order("o1", json!({ "carrier": "accept" }))]);
    let ended = file.run(&stand_in, &["--admin", "http://127.0.0.1:1"]).await;
    assert!(ended.told(1).contains("the admin port at http://127.0.0.1:1"), "{}", ended.err);
    assert!(stand_in.worlds.iter().all(|(_, world)| world.state().requests == 0));
}

#[tokio::test(start_paused = true)]
async fn another_outcome_than_expected_fails_with_its_line() {
    let stand_in = stand_in();
    let file = plenty([order("o1", json!({})), order("o2", json!({ "expect": { "status": "CANCELLED" } }))]);
    let ended = file.run(&stand_in, &[]).await;
    assert_eq!(ended.code, std::process::ExitCode::from(1));
    assert!(ended.out.contains("line 4, order o2 ("), "{}", ended.out);
    assert!(ended.out.contains("COMPLETED instead of CANCELLED"), "{}", ended.out);
}

#[tokio::test(start_paused = true)]
async fn every_script_leads_where_it_says() {
    let cases = [
        (json!({ "carrier": "accept", "payment": "accept" }), json!({ "status": "COMPLETED" })),
        (json!({ "carrier": "refuse" }), json!({ "status": "CANCELLED", "reason": "CARRIER_REFUSED" })),
        (json!({ "carrier": "hold" }), json!({ "status": "COMPLETED" })),
        (json!({ "payment": "hold" }), json!({ "status": "COMPLETED" })),
        (json!({ "payment": "decline" }), json!({ "status": "SHIPPED" })),
        (json!({ "payment": "soft-decline" }), json!({ "status": "SHIPPED" })),
        (json!({ "payment": "decline", "pay_later": true }), json!({ "status": "COMPLETED" })),
        (json!({ "payment": "soft-decline", "pay_later": true }), json!({ "status": "COMPLETED" })),
        (json!({ "cancel_at": "OPEN" }), json!({ "status": "CANCELLED", "reason": null })),
        (json!({ "cancel_at": "APPROVED", "carrier": "hold" }), json!({ "status": "COMPLETED" })),
        (json!({ "cancel_at": "APPROVED", "carrier": "refuse" }), json!({ "status": "CANCELLED" })),
        (json!({ "cancel_at": "SHIPPED" }), json!({ "status": "COMPLETED" })),
        (json!({ "cancel_at": "SHIPPED", "carrier": "hold" }), json!({ "status": "COMPLETED" })),
        (json!({ "cancel_at": "SHIPPED", "payment": "hold" }), json!({ "status": "COMPLETED" })),
        (
            json!({ "cancel_at": "PLACED", "carrier": "hold" }),
            json!({ "status": ["CANCELLED", "COMPLETED"] }),
        ),
        (json!({ "customer": "nobody" }), json!({ "status": "REJECTED", "reason": "UNKNOWN_CUSTOMER" })),
    ];
    for concurrency in ["1", "16"] {
        let orders = cases.iter().enumerate().map(|(number, (script, expect))| {
            let mut more = script.clone();
            more["expect"] = expect.clone();
            order(&format!("o{number}"), more)
        });
        let stand_in = stand_in();
        plenty(orders).run(&stand_in, &["--concurrency", concurrency]).await.with(0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_held_call_waits_for_the_answer_to_its_cancel() {
    let stand_in = stand_in_with(&[Style::Rest], Faults::default());
    let script = json!({ "cancel_at": "APPROVED", "carrier": "hold" });
    plenty([order("o1", script)]).run(&stand_in, &[]).await.with(0);
    let state = stand_in.world().state();
    let kept = state.orders.values().next().unwrap();
    let statuses: Vec<_> = kept.history.iter().map(|(change, _)| change.status).collect();
    assert!(statuses.contains(&OrderStatus::CancelPending), "{statuses:?}");
    assert_eq!(kept.order.cancel, Some(contracts::ordering::Cancel::TooLate));
    assert_eq!(state.carrier.ledger[0].result, Outcome::Accepted);
    assert!(state.carrier.held.is_empty());
}

#[tokio::test(start_paused = true)]
async fn changes_are_made_before_the_order_is_placed() {
    let stand_in = stand_in_with(&[Style::Rest], Faults::default());
    let changes = json!([
        { "add": { "sku": "tea", "quantity": 1 } },
        { "add": { "sku": "pot", "quantity": 1 } },
        { "change": { "sku": "pot", "quantity": 4 } },
        { "add": { "sku": "cup", "quantity": 1 } },
        { "remove": { "sku": "cup" } },
    ]);
    let lines = [product("pot", 10, 10), product("cup", 10, 10), order("o1", json!({ "changes": changes }))];
    plenty(lines).run(&stand_in, &[]).await.with(0);
    let state = stand_in.world().state();
    let order = &state.orders.values().next().unwrap().order;
    let items: Vec<_> =
        order.items.iter().map(|item| (item.sku.as_str().to_owned(), item.quantity.get())).collect();
    let named = |sku: &str| items.iter().find(|(full, _)| full.ends_with(sku)).map(|(_, quantity)| *quantity);
    assert_eq!((named("tea"), named("pot"), named("cup")), (Some(3), Some(4), None));
    assert_eq!(order.total.unwrap().amount(), 340);
}

#[tokio::test(start_paused = true)]
async fn names_are_prefixed_by_the_run_so_that_a_file_can_be_run_again() {
    let stand_in = stand_in_with(&[Style::Rest], Faults::default());
    let file = plenty([order("o1", json!({ "payment": "decline", "expect": { "status": "SHIPPED" } }))]);
    file.run(&stand_in, &[]).await.with(0);
    file.run(&stand_in, &[]).await.with(0);
    let state = stand_in.world().state();
    let references: Vec<_> =
        state.orders.values().map(|kept| kept.order.reference.clone().unwrap()).collect();
    assert_eq!(references.len(), 2);
    assert_ne!(references[0], references[1]);
    assert!(references.iter().all(|reference| reference.as_str().ends_with("-o1")));
    assert_eq!(
        state.payment.scripts.keys().cloned().collect::<std::collections::BTreeSet<_>>(),
        references.into_iter().collect()
    );
}

#[tokio::test(start_paused = true)]
async fn what_follows_a_barrier_finds_what_was_before_it_settled() {
    // The whole credit and the whole stock, again and again: it works only if each order's is free before the next.
    let stand_in = stand_in();
    let order =
        |key: &str| order(key, json!({ "customer": "poor", "items": [{ "sku": "rare", "quantity": 1 }] }));
    let restock = || json!({ "restock": { "sku": "rare", "quantity": 1 } });
    let file = plenty([
        customer("poor", 500),
        product("rare", 500, 1),
        barrier(),
        order("o1"),
        barrier(),
        restock(),
        barrier(),
        order("o2"),
        barrier(),
        json!({ "price": { "sku": "rare", "unit_price": eur(700) } }),
        json!({ "limit": { "customer": "poor", "credit_limit": eur(700) } }),
        restock(),
        barrier(),
        order("o3"),
    ]);
    file.run(&stand_in, &["--concurrency", "8"]).await.with(0);
}

#[tokio::test(start_paused = true)]
async fn a_barrier_that_finds_no_rest_ends_the_run_and_says_what_is_not_at_rest() {
    let stand_in = stand_in_with(&[Style::Rest], Faults { stuck: true, ..Faults::default() });
    let file = plenty([order("o1", json!({})), barrier(), order("o2", json!({}))]);
    let ended = file.run(&stand_in, &["--timeout", "5s"]).await;
    assert_eq!(ended.code, std::process::ExitCode::from(1));
    assert!(ended.out.contains("line 3, order o1 ("), "{}", ended.out);
    assert!(ended.out.contains("no outcome within 5 s: it is APPROVED"), "{}", ended.out);
    assert!(ended.out.contains("line 4: no rest within 5 s"), "{}", ended.out);
    assert!(ended.out.contains("ordering: sagas pending: 1"), "{}", ended.out);
    assert_eq!(stand_in.world().state().orders.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_order_whose_customer_could_not_be_made_is_not_waited_for() {
    let stand_in = stand_in();
    // A limit that is refused; the customer is there, so only the limit fails.
    let lines = [
        order("o1", json!({ "payment": "decline", "expect": { "status": "SHIPPED" } })),
        barrier(),
        json!({ "limit": { "customer": "c1", "credit_limit": eur(1) } }),
        barrier(),
        order("o2", json!({})),
    ];
    let ended = plenty(lines).run(&stand_in, &[]).await;
    assert_eq!(ended.code, std::process::ExitCode::from(1));
    assert!(ended.out.contains("line 5: ") && ended.out.contains("LIMIT_BELOW_RESERVED"), "{}", ended.out);
    assert!(ended.out.contains("1 COMPLETED, 1 SHIPPED, unpaid"), "{}", ended.out);
}

#[tokio::test(start_paused = true)]
async fn a_system_that_is_busy_now_and_then_changes_nothing() {
    let faults = Faults { busy_every: 3, cut_streams: true, ..Faults::default() };
    let stand_in = stand_in_with(&[Style::Rest], faults);
    let orders = (0..20).map(|number| {
        let script = match number % 4 {
            0 => json!({ "cancel_at": "OPEN", "expect": { "status": "CANCELLED" } }),
            1 => json!({ "payment": "decline", "pay_later": true }),
            2 => json!({ "changes": [{ "add": { "sku": "tea", "quantity": 3 } }] }),
            _ => json!({ "carrier": "hold", "cancel_at": "APPROVED" }),
        };
        order(&format!("o{number}"), script)
    });
    let lines: Vec<_> =
        orders.chain([barrier(), json!({ "restock": { "sku": "tea", "quantity": 5 } })]).collect();
    plenty(lines).run(&stand_in, &["--concurrency", "4"]).await.with(0);
    let state = stand_in.world().state();
    assert_eq!((state.orders.len(), state.customers.len()), (20, 1));
    assert_eq!(state.products.values().next().unwrap().received.get(), 1005);
    let five = state.orders.values().filter(|kept| kept.order.items[0].quantity.get() == 5).count();
    assert_eq!(five, 5, "an item that was added twice");
}

#[tokio::test(start_paused = true)]
async fn the_figures_are_written_for_a_program_too() {
    let stand_in = stand_in();
    let figures = tempfile::NamedTempFile::new().unwrap();
    let path = figures.path().to_str().unwrap();
    let file = plenty([
        order("o1", json!({})),
        order("o2", json!({ "expect": { "status": "REJECTED" } })),
        order("o3", json!({ "carrier": "refuse", "expect": { "status": "CANCELLED" } })),
    ]);
    let ended = file.run(&stand_in, &["--style", "rest", "--json", path]).await;
    assert_eq!(ended.code, std::process::ExitCode::from(1));
    let figures: Value = serde_json::from_reader(figures.as_file()).unwrap();
    let rest = &figures[0];
    assert_eq!((&rest["style"], &rest["orders"]), (&json!("rest"), &json!(3)));
    assert_eq!(rest["outcomes"], json!({ "COMPLETED": 2, "CANCELLED": 1 }));
    assert_eq!(rest["problems"][0]["line"], json!(4));
    assert!(rest["time_ms"]["p99"].as_f64().unwrap() > 0.0);
    assert_eq!(
        rest["per_order"],
        json!({ "messages": 2.0, "calls": 10.0, "bytes": 3000.0, "commits": 21.0 })
    );
}

#[tokio::test(start_paused = true)]
async fn the_concurrency_is_a_number_from_one_on() {
    use clap::Parser;
    let typed =
        |number| switchyard::CommandLine::try_parse_from(["switchyard", "order", "--concurrency", number]);
    assert_eq!(typed("0").unwrap_err().exit_code(), 2);
    typed("1").unwrap();
}
