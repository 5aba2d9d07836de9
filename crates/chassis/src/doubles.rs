//! Test doubles: what a test puts around the parts of which an App is made.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    fmt,
    sync::Arc,
};

/// What a test puts around parts, by their types; around none unless it says so. Clones share it.
///
/// An App hands each part that a test may want to watch or to break through [`around`](Self::around) where it is wired: a
/// repository, a broker, the options of its database.
///
/// ```
/// # use chassis::doubles::Doubles;
/// let doubles = Doubles::default().with(|pieces: u32| pieces + 1);
/// assert_eq!(doubles.around(1_u32), 2);
/// assert_eq!(doubles.around("as it is"), "as it is");
/// ```
#[derive(Clone, Default)]
pub struct Doubles(HashMap<TypeId, Arc<dyn Any + Send + Sync>>);

type Around<T> = Box<dyn Fn(T) -> T + Send + Sync>;

impl Doubles {
    /// The same, with something around every part of type `T`, and around what is around it already.
    #[must_use]
    pub fn with<T: 'static>(mut self, around: impl Fn(T) -> T + Send + Sync + 'static) -> Self {
        let within = self.clone();
        let both: Around<T> = Box::new(move |real| around(within.around(real)));
        self.0.insert(TypeId::of::<T>(), Arc::new(both));
        self
    }

    /// A part with what is around it.
    pub fn around<T: 'static>(&self, real: T) -> T {
        match self.0.get(&TypeId::of::<T>()).and_then(|it| it.downcast_ref::<Around<T>>()) {
            Some(around) => around(real),
            None => real,
        }
    }
}

impl fmt::Debug for Doubles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Doubles of {} types", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_around_a_part_later_is_around_what_was_there() {
        let doubles =
            Doubles::default().with(|it: String| format!("({it})")).with(|it: String| format!("[{it}]"));
        assert_eq!(doubles.around("part".to_owned()), "[(part)]");
    }
}
