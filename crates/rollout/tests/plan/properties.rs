//! What holds of every plan, whatever is seen and remembered. The worlds are made of a row of bytes, which proptest makes
//! shorter and smaller until the least world is left in which something fails.

mod choices;
mod schema;

use std::collections::BTreeSet;

use proptest::{collection::vec, prelude::*};
use rollout::{Object, Plan, Requeue, twin};

use self::choices::Choices;
use crate::world::World;

proptest! {
    #![proptest_config(at_least(2_000))]

    #[test]
    fn an_object_is_written_once_with_the_version_that_was_seen(bytes in vec(any::<u8>(), 0..700)) {
        let world = Choices::new(&bytes).world();
        let plan = world.plan();
        let objects: BTreeSet<_> = plan.writes.iter().map(|write| &write.object).collect();
        prop_assert_eq!(objects.len(), plan.writes.len());
        for write in &plan.writes {
            prop_assert_eq!(Some(write.version.as_str()), version(&world, &write.object));
        }
    }

    #[test]
    fn the_same_question_has_the_same_answer(bytes in vec(any::<u8>(), 0..700)) {
        let world = Choices::new(&bytes).world();
        prop_assert_eq!(world.plan(), world.plan());
    }

    #[test]
    fn a_plan_is_woken_later_than_it_is_made(bytes in vec(any::<u8>(), 0..700)) {
        let world = Choices::new(&bytes).world();
        if let Requeue::At(at) = world.plan().requeue {
            prop_assert!(at > world.now);
        }
    }

    #[test]
    fn nothing_is_planned_any_more_once_it_is_stored_and_written(bytes in vec(any::<u8>(), 0..700)) {
        let world = Choices::new(&bytes).world().run();
        let Plan { writes, status, .. } = world.plan();
        prop_assert_eq!((writes, status), (vec![], world.status));
    }

    #[test]
    fn the_api_server_takes_the_status(bytes in vec(any::<u8>(), 0..700)) {
        let mut world = Choices::new(&bytes).world();
        for _ in 0..4 {
            world = world.step();
            prop_assert_eq!(schema::objections(&world.status), Vec::<String>::new());
        }
    }

    #[test]
    fn a_twin_without_a_rule_does_not_fall_over_either(bytes in vec(any::<u8>(), 0..700)) {
        let world = Choices::new(&bytes).world();
        for rule in twin::Rule::ALL {
            let _plan = twin::plan_without(Some(rule), &world.spec, &world.status, &world.seen, world.now);
        }
    }
}

/// `PROPTEST_CASES` makes them more.
fn at_least(cases: u32) -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: config.cases.max(cases), ..config }
}

fn version<'a>(world: &'a World, object: &Object) -> Option<&'a str> {
    let declared =
        world.spec.workloads.iter().filter_map(|spec| Some((spec, world.seen.workloads.get(&spec.name)?)));
    declared.into_iter().find_map(|(spec, seen)| {
        let sides = [(&spec.blue, &seen.blue), (&spec.green, &seen.green)];
        let mut sides = sides.into_iter().filter_map(|(spec, seen)| Some((spec, seen.as_ref()?)));
        match object {
            Object::Deployment(name) => {
                sides.find(|(spec, _)| spec.deployment == *name).map(|(_, seen)| seen.version.as_str())
            }
            Object::Autoscaler(name) => sides
                .filter_map(|(_, seen)| seen.autoscaler.as_ref())
                .find(|scaler| scaler.name == *name)
                .map(|scaler| scaler.version.as_str()),
            Object::Service(name) => match seen.preview.as_ref().filter(|_| name == "preview") {
                Some(preview) => Some(preview.version.as_str()),
                None => seen.routes.get(name).map(|route| route.version.as_str()),
            },
        }
    })
}
