//! 7: what the query side shows.

use super::{Offence, System, Verdict};
use crate::verify::snapshot::Views;

/// The documents of the views are those that a rebuild would be made of: what the owners show, every field of it. So the views are caught
/// up, too.
pub(super) fn show_what_is_owned(system: &System) -> Verdict {
    let Some(Views { documents, owned, .. }) = &system.views else { return no_views() };
    let shown = owned.iter().filter_map(|(key @ (kind, id), owned)| {
        let what = match documents.get(key) {
            None => "is not in the views",
            Some(document) if document != owned => "is another in the views",
            Some(_) => return None,
        };
        Some(Offence::new(id, format!("the {kind} {what}")))
    });
    let alone = documents.keys().filter(|key| !owned.contains_key(*key));
    let alone = alone.map(|(kind, id)| Offence::new(id, format!("the {kind} is in the views only")));
    shown.chain(alone).collect::<Vec<_>>().into()
}

/// Whenever a generation of the tables took the place of another, the two were equal.
pub(super) fn equal_when_rebuilt(system: &System) -> Verdict {
    let Some(Views { generations, .. }) = &system.views else { return no_views() };
    let compared: Vec<_> =
        generations.iter().filter_map(|it| Some((it, it.compared?, it.different?))).collect();
    if compared.is_empty() {
        return Verdict::NotChecked {
            reason: "nothing was rebuilt yet; `switchyard rebuild` does".to_owned(),
        };
    }
    let differ = compared.into_iter().filter(|(_, _, different)| *different > 0);
    let differ = differ.map(|(it, compared, different)| {
        let what = format!("{different} of {compared} documents were others than before");
        Offence::new(format!("generation {}", it.generation), what)
    });
    differ.collect::<Vec<_>>().into()
}

fn no_views() -> Verdict {
    Verdict::NotChecked { reason: "this style has no query side".to_owned() }
}
