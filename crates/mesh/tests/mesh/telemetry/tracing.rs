//! What is told of a breaker's changes.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use ::tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
    subscriber::set_default,
};

use super::*;

/// Keeps each event as a level and its message.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<(Level, String)>>>);

impl Subscriber for Kept {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("mesh")
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        struct Message(String);
        impl Visit for Message {
            fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
                if field.name() == "message" {
                    self.0 = format!("{value:?}");
                }
            }
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        self.0.lock().expect("no panic").push((*event.metadata().level(), message.0));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[tokio::test(start_paused = true)]
async fn every_change_is_told_and_that_it_opens_as_a_warning() {
    let kept = Kept::default();
    let _guard = set_default(kept.clone());
    let stage = Stage::new("orders", "10.0.0.1:80");
    stage.trips().await;
    tokio::time::advance(SECOND).await;
    stage.call().await;
    stage.observed.handle().set_mode(Mode::ForcedOpen);
    let told: Vec<_> = kept.0.lock().expect("no panic").clone();
    let expected = [
        (Level::WARN, "the circuit to `orders` is open"),
        (Level::DEBUG, "the circuit to `orders` is tried out"),
        (Level::INFO, "the circuit to `orders` is closed again"),
        (Level::INFO, "the mode of the circuit to `orders` is set"),
    ];
    assert_eq!(told, expected.map(|(level, message)| (level, message.to_owned())));
}
