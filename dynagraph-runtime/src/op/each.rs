//! Ops that take one input and give one value: called for many keys in a row, with their types known once for all.

use std::task::{Context, Poll};

use super::answer::Answer;
use super::call::{Call, Inputs, Progress, Started, Surroundings, no_input};
use super::provided::Provided;
use crate::error::OpError;
use crate::value::{Held, Value};

/// How an op takes its only input: [`Owned`] or [`Held`].
pub trait OnlyInput: Sized {
    /// The type of the input's value.
    type Value: Value;

    #[doc(hidden)]
    fn new(value: Self::Value) -> Self;

    #[doc(hidden)]
    fn of(call: &mut Call<'_>) -> Self;
}

/// An input that is moved to the op if it is the value's last user, and cloned otherwise.
#[derive(Debug)]
pub struct Owned<T>(pub T);

impl<T: Value> OnlyInput for Owned<T> {
    type Value = T;

    fn new(value: T) -> Self {
        Self(value)
    }

    fn of(call: &mut Call<'_>) -> Self {
        Self(call.owned())
    }
}

impl<T: Value> OnlyInput for Held<T> {
    type Value = T;

    fn new(value: T) -> Self {
        Self::own(value)
    }

    fn of(call: &mut Call<'_>) -> Self {
        call.held()
    }
}

impl Call<'_> {
    /// Calls a function of the only input, and ends with what it gives, as [`give`](Self::give) does.
    ///
    /// The engine may call it for many steps in a row.
    pub fn each<I: OnlyInput, T: Value>(
        &mut self,
        mut op: impl FnMut(&Provided<'_>, I) -> Result<T, OpError>,
    ) -> Started {
        if self.each_in_column(&mut op).is_none() {
            let input = I::of(self);
            let value = op(&self.provided(), input);
            return self.give(value);
        }
        Started(Progress::Done)
    }

    /// Calls an async function of the only input, and goes on with its future, as [`give_later`](Self::give_later) does.
    ///
    /// The engine may call it for many steps in a row.
    pub fn each_later<I: OnlyInput, T: Value, F>(
        &mut self,
        mut op: impl FnMut(&Provided<'_>, I) -> F,
    ) -> Started
    where
        F: Future<Output = Result<T, OpError>> + Send + 'static,
    {
        if let Some(progress) = self.each_later_in_column(&mut op) {
            return Started(progress);
        }
        let input = I::of(self);
        let future = op(&self.provided(), input);
        self.give_later(future)
    }

    /// As [`each`](Self::each), as long as steps give values, if those are in columns of these types.
    fn each_in_column<I: OnlyInput, T: Value>(
        &mut self,
        op: &mut impl FnMut(&Provided<'_>, I) -> Result<T, OpError>,
    ) -> Option<()> {
        let (Inputs::Column { column, taken: taken @ false }, Surroundings::Many(keys)) =
            (&mut self.inputs, &mut self.around)
        else {
            return None;
        };
        self.running.clear();
        self.answer.forget();
        let Answer { values, valued, .. } = &mut self.answer;
        let inputs = column.typed::<I::Value>()?;
        let values = values.as_mut()?.typed_or_new::<T>()?;
        *taken = true;
        loop {
            let input = inputs.pop_front().unwrap_or_else(|| no_input());
            match op(&Provided::new(keys.environment()), I::new(input)) {
                Ok(value) => {
                    values.push_back(value);
                    *valued = true;
                }
                Err(error) => keys.fail(error),
            }
            let begun = keys.begin();
            *valued = false;
            if !begun {
                return Some(());
            }
        }
    }

    /// As [`each_later`](Self::each_later), as long as steps give values at once, if those are in columns of these types.
    fn each_later_in_column<I: OnlyInput, T: Value, F>(
        &mut self,
        op: &mut impl FnMut(&Provided<'_>, I) -> F,
    ) -> Option<Progress>
    where
        F: Future<Output = Result<T, OpError>> + Send + 'static,
    {
        let (Inputs::Column { column, taken: taken @ false }, Surroundings::Many(keys)) =
            (&mut self.inputs, &mut self.around)
        else {
            return None;
        };
        self.answer.forget();
        let Answer { values, valued, .. } = &mut self.answer;
        let mut context = Context::from_waker(self.waker?);
        let inputs = column.typed::<I::Value>()?;
        let values = values.as_mut()?.typed_or_new::<T>()?;
        let mut place = self.running.place::<F>()?;
        *taken = true;
        loop {
            let input = inputs.pop_front().unwrap_or_else(|| no_input());
            // Made where it stays: to move it there costs more than to poll it.
            place.set(Some(op(&Provided::new(keys.environment()), I::new(input))));
            let Some(future) = place.as_mut().as_pin_mut() else {
                unreachable!("it was put there")
            };
            let Poll::Ready(result) = future.poll(&mut context) else {
                return Some(Progress::Running);
            };
            place.set(None);
            match result {
                Ok(value) => {
                    values.push_back(value);
                    *valued = true;
                }
                Err(error) => keys.fail(error),
            }
            let begun = keys.begin();
            *valued = false;
            if !begun {
                return Some(Progress::Done);
            }
        }
    }
}
