//! What was answered a short while ago; and whoever asks for what is being asked for waits for that answer.

use std::{
    collections::BTreeMap,
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use axum::body::Bytes;
use tokio::{sync, time::Instant};

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// The version that it tells.
    pub(super) version: u64,
    /// What it says, as JSON.
    pub(super) body: Bytes,
    /// When it was last known to be what its owner says.
    pub(super) at: Instant,
}

/// What came of asking.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The last answer.
    pub(super) answer: Option<Answer>,
    /// When there was none, if that was later.
    pub(super) failed: Option<Instant>,
}

/// The place of one answer. Who holds it asks; those who want the same wait until it is there, or there is none.
pub(super) type Place = Arc<sync::Mutex<Known>>;

/// At most so many answers: those that were asked for last. What is asked for among the older ones becomes a younger one;
/// when the younger are half of all, they become the older, and the older are forgotten.
#[derive(Debug)]
pub(super) struct Cache {
    half: usize,
    generations: Mutex<Generations>,
}

#[derive(Debug, Default)]
struct Generations {
    younger: BTreeMap<String, Place>,
    older: BTreeMap<String, Place>,
}

impl Cache {
    /// With room for so many answers, at least 2.
    pub(super) fn new(room: usize) -> Self {
        Self { half: (room / 2).max(1), generations: Mutex::default() }
    }

    /// The place for the answer to `question`.
    pub(super) fn place(&self, question: &str) -> Place {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        let Generations { younger, older } = &mut *generations;
        if let Some(place) = younger.get(question) {
            return place.clone();
        }
        let place = older.remove(question).unwrap_or_default();
        if younger.len() >= self.half {
            *older = mem::take(younger);
        }
        younger.insert(question.to_owned(), place.clone());
        place
    }

    /// Forgets an answer. Who is asking just now keeps what they hear to themselves.
    pub(super) fn forget(&self, question: &str) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.younger.remove(question);
        generations.older.remove(question);
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        let generations = self.generations.lock().unwrap();
        generations.younger.len() + generations.older.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(version: u64) -> Answer {
        Answer { version, body: Bytes::new(), at: Instant::now() }
    }

    #[tokio::test]
    async fn what_is_asked_for_again_stays_and_what_is_not_is_forgotten() {
        let cache = Cache::new(8);
        cache.place("often").lock().await.answer = Some(answer(1));
        cache.place("once").lock().await.answer = Some(answer(2));
        for other in 0..100 {
            cache.place(&other.to_string());
            let often = cache.place("often");
            assert_eq!(often.lock().await.answer.as_ref().map(|answer| answer.version), Some(1));
        }
        assert!(cache.place("once").lock().await.answer.is_none());
        assert!(cache.len() <= 8, "{} answers", cache.len());
    }

    #[tokio::test]
    async fn who_was_asking_when_an_answer_was_forgotten_does_not_bring_it_back() {
        let cache = Cache::new(8);
        let asking = cache.place("tea");
        let mut held = asking.lock().await;
        cache.forget("tea");
        held.answer = Some(answer(1));
        assert!(cache.place("tea").lock().await.answer.is_none());
    }
}
