//! Values of one type in a row, one of each of many keys: what an op takes and gives when it is called for all of them.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::mem::needs_drop;

use super::{Erased, Value, drop_caught};

/// Where a column is kept. The memory of an empty one is used again.
#[derive(Default)]
pub(crate) struct Column(Option<Box<dyn Values>>);

/// Values in a row, with their type hidden.
trait Values: Any + Send {
    fn len(&self) -> usize;
    fn next(&mut self) -> Option<Erased>;
    fn drop_first(&mut self);
    fn drop_last(&mut self);
}

/// Values whose type the column knows.
struct Typed<T>(VecDeque<T>);

/// Values whose type only they know.
struct Untyped(VecDeque<Erased>);

impl<T: Value> Values for Typed<T> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn next(&mut self) -> Option<Erased> {
        self.0.pop_front().map(Erased::new)
    }

    fn drop_first(&mut self) {
        drop_caught(self.0.pop_front());
    }

    fn drop_last(&mut self) {
        drop_caught(self.0.pop_back());
    }
}

impl Values for Untyped {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn next(&mut self) -> Option<Erased> {
        self.0.pop_front()
    }

    fn drop_first(&mut self) {
        drop(self.0.pop_front());
    }

    fn drop_last(&mut self) {
        drop(self.0.pop_back());
    }
}

impl<T> Drop for Typed<T> {
    /// If the `Drop` of a value panics, the panic ends here: the value belongs to no step any more.
    fn drop(&mut self) {
        if needs_drop::<T>() {
            self.0.drain(..).for_each(drop_caught);
        }
    }
}

impl Column {
    pub(crate) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |values| values.len())
    }

    /// The values, if they are of this type.
    pub(crate) fn typed<T: Value>(&mut self) -> Option<&mut VecDeque<T>> {
        let values: &mut dyn Any = &mut **self.0.as_mut()?;
        values.downcast_mut::<Typed<T>>().map(|typed| &mut typed.0)
    }

    /// The values, if they are of this type or there are none.
    pub(crate) fn typed_or_new<T: Value>(&mut self) -> Option<&mut VecDeque<T>> {
        if self.len() == 0 && self.typed::<T>().is_none() {
            self.0 = Some(Box::new(Typed(VecDeque::<T>::new())));
        }
        self.typed()
    }

    /// Adds a value at the end.
    pub(crate) fn push<T: Value>(&mut self, value: T) {
        match self.typed::<T>() {
            Some(values) => values.push_back(value),
            None => self.push_other(value),
        }
    }

    /// Adds a value of another type than those that are there.
    #[cold]
    fn push_other<T: Value>(&mut self, value: T) {
        if self.len() == 0 {
            self.0 = Some(Box::new(Typed(VecDeque::from([value]))));
        } else {
            self.push_erased(Erased::new(value));
        }
    }

    /// Adds a value whose type is not known here.
    pub(crate) fn push_erased(&mut self, value: Erased) {
        self.untyped().push_back(value);
    }

    /// The values, after their types were forgotten.
    fn untyped(&mut self) -> &mut VecDeque<Erased> {
        let known = self.0.as_deref_mut().is_some_and(|values| {
            let values: &mut dyn Any = values;
            values.is::<Untyped>()
        });
        if !known {
            let forgotten = std::iter::from_fn(|| self.next()).collect();
            self.0 = Some(Box::new(Untyped(forgotten)));
        }
        let values: &mut dyn Any = match &mut self.0 {
            Some(values) => &mut **values,
            None => unreachable!("it was made above"),
        };
        match values.downcast_mut::<Untyped>() {
            Some(untyped) => &mut untyped.0,
            None => unreachable!("it was made above"),
        }
    }

    /// Takes the first value.
    pub(crate) fn take<T: Value>(&mut self) -> Option<T> {
        match self.typed::<T>() {
            Some(values) => values.pop_front(),
            None => self.next().map(Erased::take),
        }
    }

    /// Takes the first value, with its type hidden.
    pub(crate) fn next(&mut self) -> Option<Erased> {
        self.0.as_mut()?.next()
    }

    /// Drops the first value.
    pub(crate) fn drop_first(&mut self) {
        if let Some(values) = &mut self.0 {
            values.drop_first();
        }
    }

    /// Drops the last value.
    pub(crate) fn drop_last(&mut self) {
        if let Some(values) = &mut self.0 {
            values.drop_last();
        }
    }

    /// Drops all values.
    pub(crate) fn clear(&mut self) {
        while self.len() > 0 {
            self.drop_first();
        }
    }
}

impl fmt::Debug for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Column").field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_out_in_the_order_in_which_they_went_in_whoever_knew_their_type() {
        let mut column = Column::default();
        column.push("a".to_owned());
        column.push("b".to_owned());
        assert_eq!(column.typed::<String>().map(|values| values.len()), Some(2));
        column.push_erased(Erased::new("c".to_owned()));
        column.push("d".to_owned());
        assert_eq!(column.len(), 4);
        assert!(column.typed::<String>().is_none());
        assert_eq!(column.take::<String>().as_deref(), Some("a"));
        column.drop_first();
        column.drop_last();
        assert_eq!(column.next().map(Erased::take::<String>).as_deref(), Some("c"));
        assert_eq!(column.len(), 0);
    }

    #[test]
    fn an_empty_column_takes_values_of_another_type() {
        let mut column = Column::default();
        column.push(1_u64);
        column.clear();
        column.push("text");
        assert_eq!(column.typed::<&str>().map(|values| values.len()), Some(1));
    }

    #[test]
    fn a_value_whose_drop_panics_is_dropped_all_the_same() {
        #[derive(Clone)]
        struct Bad;

        impl Drop for Bad {
            fn drop(&mut self) {
                panic!("not today");
            }
        }

        let mut column = Column::default();
        column.push(Bad);
        column.push(Bad);
        column.drop_last();
        drop(column);
    }
}
