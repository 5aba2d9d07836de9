//! The endpoints of a Service, by a real client, from an API server that is well or not.

use mesh::discovery::{
    Family, Source, Trouble,
    kubernetes::{Policy, Port, Service, follow},
};

use super::{
    api_server::{ApiServer, Fault},
    *,
};

fn orders() -> Service {
    Service {
        namespace: "shop".into(),
        name: "orders".into(),
        port: Port::Named("http".into()),
        family: Family::Ipv4,
    }
}

/// A server, who follows it, and every set that was shown.
struct Stage {
    server: ApiServer,
    source: Source,
    shown: tokio::task::JoinHandle<Vec<Vec<String>>>,
}

impl Stage {
    /// A server with two slices, which is followed and seen.
    async fn new() -> Self {
        let server = ApiServer::default();
        server.has("orders-a", &[("10.0.0.1", true)]);
        server.has("orders-b", &[("10.0.0.2", true)]);
        let stage = Self::of(server);
        pass(SECOND).await;
        stage.shows(&["10.0.0.1:8080", "10.0.0.2:8080"]);
        stage
    }

    fn of(server: ApiServer) -> Self {
        let source = follow(server.client(), orders(), Policy::default()).expect("a policy in its ranges");
        let mut endpoints = source.endpoints();
        let shown = tokio::spawn(async move {
            let mut shown = vec![];
            while endpoints.changed().await.is_ok() {
                shown.push(
                    endpoints.borrow_and_update().as_ref().map(ready).expect("a set once it has changed"),
                );
            }
            shown
        });
        Self { server, source, shown }
    }

    fn now(&self) -> Option<Vec<String>> {
        self.source.endpoints().borrow().as_ref().map(ready)
    }

    fn shows(&self, addresses: &[&str]) {
        assert_eq!(self.now().expect("a set"), addresses);
    }

    fn troubles(&self) -> Vec<(Trouble, u64)> {
        let seen = self.source.handle().snapshot();
        let counts = Trouble::ALL.map(|trouble| (trouble, seen.troubles(trouble)));
        counts.into_iter().filter(|(_, count)| *count > 0).collect()
    }

    fn age(&self) -> Duration {
        self.source.handle().snapshot().age.expect("a set that was confirmed")
    }

    /// Every set that was ever shown.
    async fn ever_shown(self) -> Vec<Vec<String>> {
        drop(self.source);
        self.shown.await.expect("a task that ends")
    }
}

async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_listed_is_shown_and_then_what_changes() {
    let stage = Stage::new().await;
    stage.server.has("orders-c", &[("10.0.0.3", true), ("10.0.0.4", false)]);
    pass(SECOND).await;
    stage.shows(&["10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080"]);
    stage.server.has("orders-a", &[("10.0.0.1", false)]);
    pass(SECOND).await;
    stage.shows(&["10.0.0.2:8080", "10.0.0.3:8080"]);
    stage.server.loses("orders-b");
    pass(SECOND).await;
    stage.shows(&["10.0.0.3:8080"]);
    let seen = stage.source.handle().snapshot();
    let counts = Condition::ALL.map(|condition| seen.endpoints(condition));
    assert_eq!((counts, seen.changes, seen.lists), ([1, 0, 2], 4, 1));
    assert_eq!(stage.troubles(), []);
}

/// kuberesolver#66: a change of one slice was taken for all of the Service.
#[tokio::test(start_paused = true)]
async fn a_change_of_one_slice_takes_nothing_from_the_others() {
    let stage = Stage::new().await;
    for host in 3..40 {
        stage.server.has("orders-b", &[("10.0.0.2", true), (&format!("10.0.0.{host}"), true)]);
        pass(SECOND / 10).await;
    }
    for set in stage.ever_shown().await {
        assert!(
            set.contains(&"10.0.0.1:8080".to_owned()) && set.contains(&"10.0.0.2:8080".to_owned()),
            "{set:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_of_many_pages_is_shown_as_a_whole() {
    let server = ApiServer::default();
    for slice in 0..9 {
        server.has(&format!("orders-{slice}"), &[(&format!("10.0.0.{slice}"), true)]);
    }
    let stage = Stage::of(server);
    pass(SECOND).await;
    assert_eq!(stage.server.lists(), 5);
    let shown = stage.ever_shown().await;
    assert_eq!(shown.iter().map(Vec::len).collect::<Vec<_>>(), [9]);
}

/// posthog#71914: a watch that ended was never begun anew.
#[tokio::test(start_paused = true)]
async fn a_watch_that_ends_goes_on_from_where_it_was() {
    let stage = Stage::new().await;
    for host in 3..10 {
        pass(SECOND * 61).await;
        stage.server.has("orders-c", &[(&format!("10.0.0.{host}"), true)]);
        pass(SECOND).await;
        stage.shows(&["10.0.0.1:8080", "10.0.0.2:8080", &format!("10.0.0.{host}:8080")]);
    }
    assert_eq!(stage.server.lists(), 1, "nothing was missed, so nothing has to be listed again");
    assert_eq!(stage.server.watchers(), 1);
    assert_eq!(stage.troubles(), []);
    assert!(stage.age() <= SECOND * 60);
}

/// posthog#71914: while it was listed anew, the set was empty.
#[tokio::test(start_paused = true)]
async fn a_list_that_is_made_again_shows_neither_an_empty_set_nor_a_part() {
    let stage = Stage::new().await;
    stage.server.has("orders-c", &[("10.0.0.3", true)]);
    pass(SECOND).await;
    stage.server.forgets();
    stage.server.has("orders-d", &[("10.0.0.4", true)]);
    stage.server.ends_watches();
    // The list is refused, then hangs, then breaks after its first page, and is there at last.
    stage.server.will([
        Fault::Status(410),
        Fault::Status(503),
        Fault::Hangs,
        Fault::Says("{\"metadata\""),
        Fault::Breaks,
    ]);
    pass(SECOND * 120).await;
    stage.shows(&["10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080", "10.0.0.4:8080"]);
    let troubles =
        [Trouble::Unreachable, Trouble::Silent, Trouble::Unavailable, Trouble::Malformed, Trouble::Expired];
    assert_eq!(stage.troubles(), troubles.map(|trouble| (trouble, 1)));
    let sizes: Vec<_> = stage.ever_shown().await.iter().map(Vec::len).collect();
    assert_eq!(sizes, [2, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn a_second_page_that_does_not_come_shows_nothing_of_the_first() {
    let stage = Stage::new().await;
    stage.server.has("orders-c", &[("10.0.0.3", true)]);
    pass(SECOND).await;
    stage.server.forgets();
    stage.server.has("orders-a", &[("10.0.0.9", true)]);
    stage.server.ends_watches();
    let first_page = r#"{"kind":"EndpointSliceList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":"x"},"items":[]}"#;
    stage.server.will([Fault::Status(410), Fault::Says(first_page), Fault::Status(410)]);
    pass(SECOND * 60).await;
    stage.shows(&["10.0.0.2:8080", "10.0.0.3:8080", "10.0.0.9:8080"]);
    let sizes: Vec<_> = stage.ever_shown().await.iter().map(Vec::len).collect();
    assert_eq!(sizes, [2, 3, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_version_that_is_forgotten_is_listed_anew_whether_the_watch_says_so_or_its_answer() {
    for fault in [None, Some(Fault::Status(410))] {
        let stage = Stage::new().await;
        stage.server.will(fault);
        stage.server.forgets();
        stage.server.ends_watches();
        stage.server.has("orders-c", &[("10.0.0.3", true)]);
        pass(SECOND * 5).await;
        stage.shows(&["10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080"]);
        assert_eq!(stage.source.handle().snapshot().lists, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_bookmark_moves_where_the_watch_goes_on() {
    let stage = Stage::new().await;
    stage.server.bookmarks();
    pass(SECOND).await;
    assert!(stage.age() <= SECOND);
    stage.server.forgets_what_was_told();
    pass(SECOND * 61).await;
    assert_eq!(stage.server.lists(), 1, "the watch went on from the bookmark, which is not forgotten");
    assert!(stage.server.questions().last().expect("a watch").ends_with("resourceVersion=12"));
}

/// A connection that is open and dead: no end, no error, nothing.
#[tokio::test(start_paused = true)]
async fn a_watch_that_stalls_is_given_up_after_its_time_and_nothing_is_missed() {
    let stage = Stage::new().await;
    let dead = stage.server.loses_connections();
    stage.server.has("orders-c", &[("10.0.0.3", true)]);
    stage.server.stalls();
    pass(SECOND * 50).await;
    stage.shows(&["10.0.0.1:8080", "10.0.0.2:8080"]);
    assert!(stage.age() >= SECOND * 50, "the last good set stays, and says how old it is");
    pass(SECOND * 16).await;
    stage.shows(&["10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080"]);
    drop(dead);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_hangs_before_its_answer_is_given_up_too() {
    let stage = Stage::new().await;
    stage.server.will([Fault::Hangs]);
    stage.server.ends_watches();
    pass(SECOND * 2).await;
    stage.server.has("orders-c", &[("10.0.0.3", true)]);
    pass(SECOND * 70).await;
    stage.shows(&["10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080"]);
    assert_eq!(stage.troubles(), [(Trouble::Silent, 1), (Trouble::Cut, 1)]);
}

#[tokio::test(start_paused = true)]
async fn an_api_server_that_is_away_leaves_the_last_good_set_which_grows_old() {
    let stage = Stage::new().await;
    stage.server.will(vec![Fault::Breaks; 1000]);
    stage.server.breaks_watches();
    pass(SECOND * 3600).await;
    stage.shows(&["10.0.0.1:8080", "10.0.0.2:8080"]);
    assert!(stage.age() >= SECOND * 3600);
    let attempts = stage.server.questions().len();
    assert!((3600 / 46..3600 / 30 + 10).contains(&attempts), "{attempts} attempts in an hour");
    stage.server.is_well();
    stage.server.has("orders-c", &[("10.0.0.3", true)]);
    pass(SECOND * 46).await;
    stage.shows(&["10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080"]);
    assert!(stage.age() <= SECOND * 46);
}

#[tokio::test(start_paused = true)]
async fn pauses_grow_from_one_error_to_the_next() {
    let server = ApiServer::default();
    server.will([403, 500, 429, 503, 401, 404].map(Fault::Status));
    let stage = Stage::of(server);
    assert_eq!(stage.now(), None, "that nothing is known yet is not the same as nothing");
    pass(SECOND * 60).await;
    stage.shows(&[]);
    for (attempt, pause) in stage.server.pauses().iter().take(6).enumerate() {
        let least = Duration::from_millis(250) * (1 << attempt);
        assert!((least..=least * 3 / 2 + SECOND / 100).contains(pause), "pause {attempt}: {pause:?}");
    }
    assert_eq!(stage.troubles(), [(Trouble::Refused, 3), (Trouble::Unavailable, 3)]);
}

/// A proxy in between that ends every watch at once must not make it ask without a pause.
#[tokio::test(start_paused = true)]
async fn watches_that_end_at_once_are_asked_for_with_pauses() {
    let stage = Stage::new().await;
    stage.server.ends_watches();
    stage.server.will(vec![Fault::Says(""); 1000]);
    pass(SECOND * 600).await;
    let asked = stage.server.questions().len();
    assert!(asked < 60, "{asked} questions in 10 minutes");
    stage.shows(&["10.0.0.1:8080", "10.0.0.2:8080"]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_refused_though_lists_are_not_is_asked_for_with_pauses_that_grow() {
    let stage = Stage::new().await;
    stage.server.only_lists();
    pass(SECOND * 600).await;
    let (lists, watches) = (stage.server.lists(), stage.server.watches());
    assert!((10..40).contains(&lists) && watches < 40, "{lists} lists and {watches} watches in 10 minutes");
    stage.server.has("orders-c", &[("10.0.0.3", true)]);
    pass(SECOND * 46).await;
    stage.shows(&["10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_understood_leads_to_a_list() {
    let stage = Stage::new().await;
    stage.server.says("{\"type\":\"ADDED\",\"object\":7}\n");
    pass(SECOND * 5).await;
    assert_eq!((stage.server.lists(), stage.troubles()), (2, vec![(Trouble::Malformed, 1)]));
    stage.shows(&["10.0.0.1:8080", "10.0.0.2:8080"]);
    assert_eq!(stage.server.watchers(), 1);
}

/// An API server whose store was restored says of every later version that it has not come so far, for ever.
#[tokio::test(start_paused = true)]
async fn an_api_server_that_was_restored_is_listed_anew() {
    let stage = Stage::new().await;
    stage.server.is_restored();
    pass(SECOND * 10).await;
    assert_eq!(stage.server.lists(), 2);
    stage.server.has("orders-c", &[("10.0.0.3", true)]);
    pass(SECOND).await;
    stage.shows(&["10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080"]);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_gone_is_empty_and_that_is_no_error() {
    let stage = Stage::new().await;
    stage.server.loses("orders-a");
    stage.server.loses("orders-b");
    pass(SECOND).await;
    stage.shows(&[]);
    assert_eq!(stage.troubles(), []);
}

#[tokio::test(start_paused = true)]
async fn who_drops_the_source_ends_its_watch() {
    let stage = Stage::new().await;
    assert_eq!(stage.server.watchers(), 1);
    let (server, handle) = (stage.server.clone(), stage.source.handle());
    assert_eq!(stage.ever_shown().await.len(), 1);
    pass(SECOND * 600).await;
    assert_eq!((server.watchers(), server.watches()), (0, 1));
    assert_eq!(handle.snapshot().endpoints(Condition::Ready), 2, "a handle still tells what was last known");
}
