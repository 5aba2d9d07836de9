//! Many clients at a time.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use chassis::ids::Random;
use contracts::Style;
use futures_util::future::join_all;

use crate::{
    client::{Client, NoAnswer},
    promise,
    shop::{offer, register},
    story::{Step, Story},
};

const CLIENTS: usize = 16;

/// How many orders ended how.
pub(crate) type Ends = BTreeMap<String, usize>;

/// The stories of all clients.
#[derive(Debug)]
pub(crate) struct Load {
    styles: Vec<Style>,
    random: Random,
    shelf: Mutex<Shelf>,
}

#[derive(Debug, Default)]
struct Shelf {
    written: usize,
    /// The customers of each style, with much credit and with little.
    customers: Vec<[String; 2]>,
    /// Stories that are new, or were interrupted.
    open: VecDeque<Story>,
    /// Stories that are over.
    over: Vec<Story>,
    /// How many of these were looked at.
    checked: usize,
}

impl Load {
    pub(crate) fn new(styles: &[Style], random: Random) -> Self {
        Self { styles: styles.to_owned(), random, shelf: Mutex::default() }
    }

    /// Makes what orders need: customers and products, of which there are enough for most.
    pub(crate) async fn prepare(&self, client: &Client) {
        for style in self.styles.iter().copied() {
            let rich = register(client, style, "rich", 1_000_000_000).await;
            let poor = register(client, style, "poor", 5000).await;
            self.shelf().customers.push([rich, poor]);
            offer(client, style, "TEA", 1_000_000).await;
            offer(client, style, "RARE", 10).await;
        }
    }

    /// Writes stories for clients to live.
    pub(crate) fn write(&self, count: usize) {
        (0..count).for_each(|_| {
            let story = self.new_story();
            self.shelf().open.push_back(story);
        });
    }

    /// Has all clients go on, with new stories when the open ones are over, each until it is not answered.
    pub(crate) async fn run(&self, client: &Client) {
        let next = || {
            let open = self.shelf().open.pop_front();
            Some(open.unwrap_or_else(|| self.new_story()))
        };
        join_all((0..CLIENTS).map(|_| self.live(client, next))).await;
    }

    /// Has all clients finish the open stories.
    pub(crate) async fn finish(&self, client: &Client) {
        let next = || self.shelf().open.pop_front();
        join_all((0..CLIENTS).map(|_| self.live(client, next))).await;
        assert!(self.shelf().open.is_empty(), "the system does not answer");
    }

    /// Looks at all that clients were ever told.
    ///
    /// # Errors
    /// There is no answer.
    pub(crate) async fn look(&self, client: &Client) -> Result<(), NoAnswer> {
        let stories: Vec<_> = {
            let shelf = self.shelf();
            shelf.over.iter().chain(&shelf.open).cloned().collect()
        };
        for story in stories {
            story.check(client).await?;
        }
        Ok(())
    }

    /// Looks at all that clients were told since it was last looked at, and asks for some of it again.
    ///
    /// # Errors
    /// There is no answer; what was not looked at is left for the next time.
    pub(crate) async fn check(&self, client: &Client) -> Result<(), NoAnswer> {
        let (over, open) = {
            let shelf = self.shelf();
            (shelf.over[shelf.checked..].to_vec(), shelf.open.clone())
        };
        for story in &open {
            story.check(client).await?;
        }
        for story in &over {
            story.check(client).await?;
            if one_in(4, &self.random) {
                story.repeat(client).await?;
            }
            self.shelf().checked += 1;
        }
        Ok(())
    }

    /// Waits for the end of every order, which must be one that its client was promised, and counts them all.
    pub(crate) async fn everything_ends_well(&self, client: &Client) -> Ends {
        let (mut ends, mut ids) = (Ends::new(), BTreeMap::new());
        let stories = self.shelf().over.clone();
        for story in stories {
            let end = story.end(client).await;
            promise::kept(&story, &end);
            *ends.entry(format!("{} {:?}", story.style, end.status)).or_default() += 1;
            ids.insert((story.style, story.name), end.id);
        }
        for style in self.styles.iter().copied() {
            for order in client.orders(style).await.unwrap() {
                let name = order.reference.unwrap().to_string();
                assert_eq!(
                    ids.remove(&(style, name)),
                    Some(order.id),
                    "nobody asked for it, or it is there twice"
                );
            }
        }
        assert_eq!(ids, BTreeMap::new(), "these are in no list");
        ends
    }

    /// Looks at what is told of every order, once they have all come to rest.
    pub(crate) async fn everything_is_told(&self, client: &Client) {
        let stories = self.shelf().over.clone();
        for some in stories.chunks(CLIENTS) {
            join_all(some.iter().map(|story| story.is_told(client))).await;
        }
    }

    /// One client, until it is not answered.
    async fn live(&self, client: &Client, next: impl Fn() -> Option<Story>) {
        while let Some(mut story) = next() {
            match story.go_on(client).await {
                Ok(()) => self.shelf().over.push(story),
                Err(no_answer) => {
                    if let NoAnswer::NotNow(answer) = no_answer {
                        assert!(answer.problem().is_some(), "it does not say why: {answer:?}");
                    }
                    return self.shelf().open.push_back(story);
                }
            }
        }
    }

    fn new_story(&self) -> Story {
        let mut shelf = self.shelf();
        shelf.written += 1;
        let at = shelf.written % self.styles.len();
        let [rich, poor] = &shelf.customers[at];
        let customer = if one_in(10, &self.random) { poor } else { rich };
        let sku = if one_in(10, &self.random) { "RARE" } else { "TEA" };
        Story::new(&format!("o{}", shelf.written), self.styles[at], customer, sku, &self.steps())
    }

    fn steps(&self) -> Vec<Step> {
        let place = Step::Place { wait: self.random.next_u64() % 2 };
        let create = |place| Step::Create { place };
        match self.random.next_u64() % 10 {
            0 => vec![Step::Register, create(true)],
            1 => vec![Step::Offer, create(true)],
            2 => vec![create(false)],
            3 => vec![create(false), Step::Cancel],
            4 | 5 => vec![create(false), place, Step::Cancel],
            6 | 7 => vec![create(false), place],
            _ => vec![create(true)],
        }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether something happens that happens once in `count` times.
pub(crate) fn one_in(count: u64, random: &Random) -> bool {
    random.next_u64().is_multiple_of(count)
}
