//! Takes in what is told: the document of an aggregate becomes the one after it, in every generation that is kept up to date.

use chassis::changes::{Changes, Key};
use database::{Error, Transaction};
use uuid::Uuid;

use crate::{
    projection::{Document, Gap, Item, Kind, Told, next},
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

    /// Takes `item` in, in every generation that is kept up to date; `run` says that it was republished in that run.
    ///
    /// # Errors
    /// [`Refused`]; nothing of the transaction may be kept then.
    pub async fn apply(&self, tx: &mut Transaction, item: &Item, run: Option<Uuid>) -> Result<(), Refused> {
        let active = generations::active(tx).await?;
        self.apply_to(tx, &active, std::slice::from_ref(item)).await?;
        let asked = active.iter().find(|generation| generation.is_building() && run == Some(generation.run));
        if let Some(asked) = asked {
            generations::received(tx, asked.generation, kind(item), 1).await?;
        }
        Ok(())
    }

    /// Takes `items` in, in their order, in some generations alone: one that is rebuilt from a ledger, say.
    ///
    /// # Errors
    /// See [`apply`](Self::apply).
    pub async fn apply_to(
        &self,
        tx: &mut Transaction,
        generations: &[Generation],
        items: &[Item],
    ) -> Result<(), Refused> {
        for generation in generations {
            for item in items {
                match item {
                    Item::Customer(told) => project(tx, generation, told).await?,
                    Item::Order(told) => project(tx, generation, told).await?,
                    Item::Product(told) => project(tx, generation, told).await?,
                }
            }
        }
        self.tell(tx, items);
        Ok(())
    }

    /// Wakes those who wait for these aggregates once this is committed. Whoever begins to wait before that is woken too.
    fn tell(&self, tx: &mut Transaction, items: &[Item]) {
        let keys: Vec<Key> = items.iter().map(key).collect();
        let changes = self.changes.clone();
        tx.after_commit(move || {
            if changes.listeners() > 0 {
                keys.into_iter().for_each(|key| changes.notify(key));
            }
        });
    }
}

/// What those who wait for an aggregate listen to.
fn key(item: &Item) -> Key {
    match item {
        Item::Customer(told) => told.id.uuid().into(),
        Item::Order(told) => told.id.uuid().into(),
        Item::Product(told) => told.id.to_string().into(),
    }
}

fn kind(item: &Item) -> Kind {
    match item {
        Item::Customer(_) => Kind::Customer,
        Item::Order(_) => Kind::Order,
        Item::Product(_) => Kind::Product,
    }
}

async fn project<D: Stored>(
    tx: &mut Transaction,
    generation: &Generation,
    told: &Told<D>,
) -> Result<(), Refused> {
    let number = generation.generation;
    let kept = D::load(tx, number, &told.id).await?;
    // Most of what a rebuild meets is there already: then the text is not even parsed.
    if kept.as_ref().is_some_and(|kept| told.news.version() <= kept.version) {
        return Ok(());
    }
    let known: Option<D> = kept.as_ref().map(parse).transpose()?;
    match next(known.as_ref(), told) {
        Ok(None) => Ok(()),
        Ok(Some(document)) => Ok(document.save(tx, number, known.as_ref()).await?),
        // Its owner is going to republish it, with this in it: it is read after this had happened.
        Err(Gap::Missing { at: 0, .. }) if generation.is_building() => Ok(()),
        Err(source) => {
            let (aggregate, id) = (D::KIND.name(), told.id.to_string());
            Err(Refused::Gap { aggregate, id, generation: number, source })
        }
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
