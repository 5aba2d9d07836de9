//! What is written down of an attempt that did not settle its task.

use std::time::Duration;

use database::Database;
use journal::Entry;

use super::{Backoff, Task, Verdict, Wake, micros, store};

/// What the journal is told of such an attempt.
pub(super) struct Told {
    pub(super) calls: Vec<Entry>,
    pub(super) took_us: Option<u64>,
}

/// Writes down when a task that is not done is to be tried again.
pub(super) async fn conclude(
    db: &Database,
    mut task: Task,
    verdict: Verdict,
    told: Told,
    backoff: Backoff,
    wake: &Wake,
) {
    let Told { mut calls, took_us } = told;
    calls.iter_mut().for_each(|call| call.attempt = task.attempt);
    let (delay, error, number) = match verdict {
        Verdict::Settled => return,
        Verdict::Again(delay) => {
            task.looks = task.looks.saturating_add(1);
            (patience(delay, task.looks), None, task.looks)
        }
        Verdict::Failed(failure) => {
            let delay = backoff.delay(task.subject, task.attempt);
            let why = failure.why;
            tracing::debug!(kind = task.kind, subject = %task.subject, attempt = task.attempt, why, "task failed");
            let retry = Entry::new(journal::Kind::Retry, task.name.clone()).with_detail(failure.told);
            calls.push(Entry { attempt: task.attempt, took_us, ..retry });
            task.attempt = task.attempt.saturating_add(1);
            (delay, Some(why), task.attempt)
        }
    };
    if !is_noted(number) {
        calls.clear();
    }
    let (kind, wake) = (task.kind, wake.clone());
    let written = db
        .write(async move |tx| {
            let due_at = tx.now().saturating_add(micros(delay));
            store::postpone(tx, &task, due_at, error.as_deref()).await?;
            calls.iter().for_each(|entry| journal::note_about(tx, task.subject, entry.clone()));
            let wake = wake.clone();
            tx.after_commit(move || wake.look_in(delay));
            Ok::<_, database::Error>(())
        })
        .await;
    if let Err(error) = written {
        // It stays due in the table, where the next look finds it.
        tracing::warn!(kind, error = &error as &dyn std::error::Error, "cannot postpone a task");
    }
}

/// After how many of a task not all is noted any more, and looks take longer.
const FIRST: u32 = 10;

/// How long the look with this number, from 1, leaves until the next: as long as was said for the first ten, then twice as
/// long each time, up to 64 times. The one who is asked leaves a trace of each look, too.
fn patience(delay: Duration, look: u32) -> Duration {
    delay.saturating_mul(1 << look.saturating_sub(FIRST).min(6))
}

/// Whether the repetition of something with this number, from 1, is noted: the first ten are, and then those whose number
/// is a power of two, so that somebody who is away for days does not fill the journal.
#[must_use]
pub const fn is_noted(number: u32) -> bool {
    number <= FIRST || number.is_power_of_two()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_take_longer_after_the_first_ten_and_at_most_64_times_as_long() {
        let looks = [1, 10, 11, 12, 16, 17, u32::MAX];
        let seconds = looks.map(|look| patience(Duration::from_secs(5), look).as_secs());
        assert_eq!(seconds, [5, 5, 10, 20, 320, 320, 320]);
    }
}
