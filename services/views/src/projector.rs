//! Takes in what is told: the document of an aggregate becomes the one after it, in every generation that is kept up to date.

use std::collections::BTreeMap;

use chassis::changes::{Changes, Key};
use contracts::{customers::Customer, ordering::Order, warehouse::Product};
use database::{Error, Transaction};
use uuid::Uuid;

use crate::{
    projection::{Document, Gap, Item, Kind, News, next},
    store::{
        Kept, Stored,
        generations::{self, Generation},
    },
};

/// Takes in what is told. Clones share those who wait for it.
#[derive(Clone, Debug, Default)]
pub struct Projector {
    changes: Changes,
}

/// Why something told was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Something is missing before it.
    #[error("bringing the {aggregate} `{id}` up to date in generation {generation}")]
    Gap {
        /// What it is.
        aggregate: &'static str,
        /// Which one.
        id: String,
        /// In which generation of the tables.
        generation: i64,
        /// What is missing.
        #[source]
        source: Gap,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Projector {
    /// Who is told when a document has changed.
    #[must_use]
    pub const fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Takes in what is told, in its order, in every generation that is kept up to date. An item may have been republished in a run.
    ///
    /// # Errors
    /// [`Refused`]; nothing of the transaction may be kept then.
    pub async fn apply(&self, tx: &mut Transaction, told: &[(Item, Option<Uuid>)]) -> Result<(), Refused> {
        let active = generations::active(tx).await?;
        self.apply_to(tx, &active, told.iter().map(|(item, _)| item)).await?;
        for building in active.iter().filter(|generation| generation.is_building()) {
            for kind in Kind::ALL {
                let is_asked =
                    |(item, run): &&(Item, Option<Uuid>)| item.kind() == kind && *run == Some(building.run);
                let documents = told.iter().filter(is_asked).count() as u64;
                if documents > 0 {
                    generations::received(tx, building.generation, kind, documents).await?;
                }
            }
        }
        Ok(())
    }

    /// Takes items in, in their order, in some generations alone: in one that is rebuilt from a ledger, say. Each aggregate that they are
    /// about is loaded and saved once, so that many at a time cost less.
    ///
    /// # Errors
    /// See [`apply`](Self::apply).
    pub async fn apply_to<'a>(
        &self,
        tx: &mut Transaction,
        generations: &[Generation],
        items: impl IntoIterator<Item = &'a Item>,
    ) -> Result<(), Refused> {
        let told = Sorted::of(items);
        for generation in generations {
            project_all(tx, generation, &told.customers).await?;
            project_all(tx, generation, &told.products).await?;
            project_all(tx, generation, &told.orders).await?;
        }
        self.tell(tx, told.keys());
        Ok(())
    }

    /// Wakes those who wait for these aggregates once this is committed. Whoever begins to wait before that is woken too.
    fn tell(&self, tx: &mut Transaction, keys: Vec<Key>) {
        let changes = self.changes.clone();
        tx.after_commit(move || {
            if changes.listeners() > 0 {
                keys.into_iter().for_each(|key| changes.notify(key));
            }
        });
    }
}

/// What is told, by the aggregates that it is about, of each in its order.
#[derive(Default)]
struct Sorted<'a> {
    customers: By<'a, Customer>,
    products: By<'a, Product>,
    orders: By<'a, Order>,
}

type By<'a, D> = BTreeMap<&'a <D as Document>::Id, Vec<&'a News<D>>>;

impl<'a> Sorted<'a> {
    fn of(items: impl IntoIterator<Item = &'a Item>) -> Self {
        let mut sorted = Self::default();
        for item in items {
            match item {
                Item::Customer(told) => sorted.customers.entry(&told.id).or_default().push(&told.news),
                Item::Product(told) => sorted.products.entry(&told.id).or_default().push(&told.news),
                Item::Order(told) => sorted.orders.entry(&told.id).or_default().push(&told.news),
            }
        }
        sorted
    }

    /// What those who wait for one of the aggregates listen to.
    fn keys(&self) -> Vec<Key> {
        let customers = self.customers.keys().map(|id| id.uuid().into());
        let orders = self.orders.keys().map(|id| id.uuid().into());
        let products = self.products.keys().map(|sku| sku.to_string().into());
        customers.chain(orders).chain(products).collect()
    }
}

async fn project_all<D: Stored>(
    tx: &mut Transaction,
    generation: &Generation,
    told: &By<'_, D>,
) -> Result<(), Refused> {
    for (id, news) in told {
        project::<D>(tx, generation, *id, news).await?;
    }
    Ok(())
}

async fn project<D: Stored>(
    tx: &mut Transaction,
    generation: &Generation,
    id: &D::Id,
    news: &[&News<D>],
) -> Result<(), Refused> {
    let number = generation.generation;
    let kept = D::load(tx, number, id).await?;
    // Most of what a rebuild meets is there already: then the text is not even parsed.
    let version = kept.as_ref().map_or(0, |kept| kept.version);
    if news.iter().all(|news| news.version() <= version) {
        return Ok(());
    }
    let known: Option<D> = kept.as_ref().map(parse).transpose()?;
    let mut now: Option<D> = None;
    for news in news {
        match next(now.as_ref().or(known.as_ref()), id, news) {
            Ok(None) => {}
            Ok(Some(document)) => now = Some(document),
            // Its owner is going to republish it, with this in it: it is read after this had happened.
            Err(Gap::Missing { at: 0, .. }) if generation.is_building() => {}
            Err(source) => {
                let (aggregate, id) = (D::KIND.name(), id.to_string());
                return Err(Refused::Gap { aggregate, id, generation: number, source });
            }
        }
    }
    match now {
        Some(document) => Ok(document.save(tx, number, known.as_ref()).await?),
        None => Ok(()),
    }
}

fn parse<D: Document>(kept: &Kept) -> Result<D, Error> {
    serde_json::from_str(&kept.text).map_err(|_| Error::Column {
        statement: D::KIND.name(),
        column: "document".to_owned(),
        expected: "the document of an aggregate",
        found: "another text",
    })
}
