//! How the lock-free parts are looked at: by loom in every interleaving of two or three threads that takes a few preemptions; by shuttle in some of the many that there
//! are of a crowd. loom knows what the memory model lets an atomic read; to shuttle all of them are sequentially consistent.

#[cfg(mesh_loom)]
pub(crate) use self::every::{explore, explore_with, thread};
#[cfg(mesh_shuttle)]
pub(crate) use self::random::{crowd, explore, explore_with, thread};

#[cfg(mesh_loom)]
mod every {
    pub(crate) use loom::thread;

    /// Every interleaving with three preemptions at most.
    pub(crate) fn explore(model: impl Fn() + Send + Sync + 'static) {
        explore_with(3, model);
    }

    /// Of a model with many steps: with so many preemptions at most.
    pub(crate) fn explore_with(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(preemptions);
        builder.max_branches = 10_000;
        builder.check(model);
    }
}

#[cfg(mesh_shuttle)]
mod random {
    use std::{
        hash::{BuildHasher, RandomState},
        sync::Arc,
    };

    use shuttle::{
        Config, Runner,
        scheduler::{PctScheduler, RandomScheduler, Scheduler},
    };

    pub(crate) use shuttle::thread;

    /// Random interleavings, `ROUNDS` of them (1,000 unless that is told): half of them with a thread chosen anew for each step, half of them by probabilistic concurrency testing (Burckhardt and
    /// others, 2010), which finds what takes three changes of thread with a probability that is known. They follow from `SEED`, which is printed.
    pub(crate) fn explore(model: impl Fn() + Send + Sync + 'static) {
        let seed = told("SEED").unwrap_or_else(|| RandomState::new().hash_one(0));
        let rounds = told("ROUNDS").unwrap_or(1_000).div_ceil(2);
        let rounds = usize::try_from(rounds).expect("as many rounds as can be counted");
        println!("SEED={seed}");
        let model = Arc::new(model);
        run(RandomScheduler::new_from_seed(seed, rounds), &model);
        run(PctScheduler::new_from_seed(seed, 3, rounds), &model);
    }

    /// Where loom bounds the preemptions, there is nothing to bound here.
    pub(crate) fn explore_with(_: usize, model: impl Fn() + Send + Sync + 'static) {
        explore(model);
    }

    /// Eight threads that begin together do the same, each with its number, and are waited for.
    pub(crate) fn crowd<T: Send + 'static>(does: impl Fn(usize) -> T + Send + Sync + 'static) -> Vec<T> {
        let does = Arc::new(does);
        let threads: Vec<_> = (0..8)
            .map(|number| {
                let does = Arc::clone(&does);
                thread::spawn(move || does(number))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread that ends")).collect()
    }

    fn run(scheduler: impl Scheduler + 'static, model: &Arc<impl Fn() + Send + Sync + 'static>) {
        let mut config = Config::new();
        config.stack_size = 1 << 18;
        let model = Arc::clone(model);
        Runner::new(scheduler, config).run(move || model());
    }

    fn told(variable: &str) -> Option<u64> {
        std::env::var(variable).ok().and_then(|told| told.parse().ok())
    }
}
