//! A bounded queue, and the task that empties it.

use std::sync::Arc;

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{Duration, timeout},
};

use crate::metrics::{Metrics, Told};

/// So much waits at most; more is dropped.
const ROOM: usize = 1024;

/// The tasks that tell, and how they end.
pub struct Delivery {
    metrics: Metrics,
    tasks: JoinSet<()>,
    ends: watch::Sender<bool>,
}

impl Delivery {
    pub(crate) fn new(metrics: Metrics) -> Self {
        Self { metrics, tasks: JoinSet::new(), ends: watch::Sender::new(false) }
    }

    /// A queue by this name, which a task empties: it gives what waits, at most `most` at a time, to `tell`, which says what became
    /// of it.
    pub(crate) fn outbox<T, F>(
        &mut self,
        to: &'static str,
        most: usize,
        tell: impl Fn(Vec<T>) -> F + Send + 'static,
    ) -> Outbox<T>
    where
        T: Send + 'static,
        F: Future<Output = Told> + Send,
    {
        let (sender, mut waiting) = mpsc::channel(ROOM);
        let (metrics, mut ends) = (self.metrics.clone(), self.ends.subscribe());
        self.tasks.spawn(async move {
            loop {
                let mut batch = Vec::new();
                tokio::select! {
                    biased;
                    _ = waiting.recv_many(&mut batch, most) => {}
                    // What waits is still told, and nothing more comes.
                    _ = ends.wait_for(|ends| *ends), if !waiting.is_closed() => {
                        waiting.close();
                        continue;
                    }
                }
                let count = batch.len() as u64;
                if count == 0 {
                    return;
                }
                metrics.told(to, tell(batch).await, count);
            }
        });
        Outbox { sender, to, metrics: Arc::new(self.metrics.clone()) }
    }

    /// Tells what waits, for so long at most, and nothing after it.
    pub async fn finish(mut self, within: Duration) {
        self.ends.send_replace(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(within, all).await.is_err() {
            tracing::warn!("not everything could be told within {within:?}");
        }
    }
}

/// Takes what is to be told.
#[derive(Debug)]
pub(crate) struct Outbox<T> {
    sender: mpsc::Sender<T>,
    to: &'static str,
    metrics: Arc<Metrics>,
}

impl<T> Outbox<T> {
    /// Never waits.
    pub(crate) fn put(&self, news: T) {
        if self.sender.try_send(news).is_err() {
            self.metrics.told(self.to, Told::Dropped, 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::metrics::Scene;

    #[tokio::test(start_paused = true)]
    async fn what_waits_is_told_in_order_and_what_finds_no_room_is_counted() {
        let metrics = Metrics::new().unwrap();
        let mut delivery = Delivery::new(metrics.clone());
        let told = Arc::new(Mutex::new(vec![]));
        let heard = Arc::clone(&told);
        let outbox = delivery.outbox("events", 2, move |batch| {
            heard.lock().unwrap().extend(batch);
            std::future::ready(Told::Sent)
        });
        (0..ROOM + 3).for_each(|number| outbox.put(number));
        delivery.finish(Duration::from_secs(1)).await;
        assert!(told.lock().unwrap().iter().copied().eq(0..ROOM));
        outbox.put(0);
        let text = metrics.text(&Scene::default()).unwrap();
        assert!(text.contains(r#"switchyard_operator_news_total{result="dropped",to="events"} 4"#), "{text}");
        assert!(text.contains(r#"switchyard_operator_news_total{result="sent",to="events"} 1024"#), "{text}");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_waited_for_for_ever() {
        let mut delivery = Delivery::new(Metrics::new().unwrap());
        let outbox = delivery.outbox("webhook", 1, |_| std::future::pending());
        outbox.put(());
        delivery.finish(Duration::from_secs(1)).await;
    }
}
