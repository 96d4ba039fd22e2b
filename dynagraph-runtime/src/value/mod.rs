//! A value on its way between ops, with its type erased.

mod column;

use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::fmt;
use std::mem::needs_drop;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};

pub(crate) use column::Column;

/// What may travel between ops: anything that is `Clone + Send + Sync + 'static`.
///
/// A type that is not `Clone` travels inside an `Arc`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot travel between ops",
    label = "not `Clone + Send + Sync + 'static`",
    note = "derive `Clone`, or wrap it in an `Arc`; a value that is not `Send + Sync` cannot cross threads"
)]
pub trait Value: Clone + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync + 'static> Value for T {}

/// A value whose type only its producer and its consumers know.
#[derive(Clone)]
pub struct Erased(Repr);

/// Keeps a value. If the value's `Drop` panics, the panic ends here: it happens between steps, where it is nobody's.
#[derive(Clone)]
struct Slot<T>(Option<T>);

impl<T> Slot<T> {
    fn value(&self) -> &T {
        match &self.0 {
            Some(value) => value,
            None => unreachable!("a slot is emptied when nobody holds it any more"),
        }
    }

    fn into_value(mut self) -> T {
        match self.0.take() {
            Some(value) => value,
            None => unreachable!("a slot is emptied once"),
        }
    }
}

impl<T> Drop for Slot<T> {
    fn drop(&mut self) {
        if needs_drop::<T>()
            && let Some(value) = self.0.take()
        {
            drop_caught(value);
        }
    }
}

/// Numbers travel as they are, everything else in a block of its own, which consumers share.
macro_rules! repr {
    ($($variant:ident($number:ty)),* $(,)?) => {
        #[derive(Clone)]
        enum Repr {
            Shared(Arc<dyn Any + Send + Sync>),
            $($variant($number),)*
        }

        impl Repr {
            fn new<T: Value>(value: T) -> Self {
                if needs_drop::<T>() {
                    return Self::Shared(Arc::new(Slot(Some(value))));
                }
                let mut value = Some(value);
                // The compiler knows `T`, and so leaves one of these at most.
                $(
                    let any: &mut dyn Any = &mut value;
                    if let Some(number) = any.downcast_mut().and_then(Option::<$number>::take) {
                        return Self::$variant(number);
                    }
                )*
                Self::Shared(Arc::new(Slot(value)))
            }

            /// Reads a number, if it is one of this type.
            fn number<T: 'static>(&self) -> Option<&T> {
                match self {
                    Self::Shared(_) => None,
                    $(Self::$variant(number) => (number as &dyn Any).downcast_ref(),)*
                }
            }

            /// Takes a number, if it is one of this type.
            fn into_number<T: 'static>(self) -> Option<T> {
                match self {
                    Self::Shared(_) => None,
                    $(Self::$variant(number) => {
                        let mut number = Some(number);
                        let any: &mut dyn Any = &mut number;
                        any.downcast_mut().and_then(Option::take)
                    })*
                }
            }
        }
    };
}

repr! {
    Unit(()), Bool(bool), Char(char), F64(f64), I32(i32), I64(i64), U8(u8), U32(u32), U64(u64), Usize(usize),
}

/// Drops something whose `Drop` is not ours: if it panics, the panic ends here.
pub(crate) fn drop_caught<T>(value: T) {
    let _dropped = catch_unwind(AssertUnwindSafe(|| drop(value)));
}

/// The message of a panic.
pub(crate) fn panic_message(payload: Box<dyn Any + Send>) -> String {
    let payload = match payload.downcast::<String>() {
        Ok(message) => return *message,
        Err(payload) => payload,
    };
    match payload.downcast::<&'static str>() {
        Ok(message) => (*message).to_owned(),
        Err(payload) => {
            // Dropping what somebody else panicked with may panic too.
            drop_caught(payload);
            "a value that is no text".to_owned()
        }
    }
}

impl Erased {
    /// Hides the type of a value.
    pub fn new<T: Value>(value: T) -> Self {
        Self(Repr::new(value))
    }

    /// Hands the value over: moved if nobody else holds it, cloned otherwise.
    pub(crate) fn take<T: Value>(self) -> T {
        match self.0 {
            Repr::Shared(value) => Arc::unwrap_or_clone(slot::<T>(value)).into_value(),
            number => number.into_number().unwrap_or_else(|| wrong_type::<T>()),
        }
    }

    /// Keeps the value for reading.
    pub(crate) fn hold<T: Value>(self) -> Held<T> {
        Held(match self.0 {
            Repr::Shared(value) => Holding::Shared(slot(value)),
            number => Holding::Own(number.into_number().unwrap_or_else(|| wrong_type::<T>())),
        })
    }

    /// Where the value is and a hold on its place, if it has several owners.
    pub(crate) fn shared(&self) -> Option<(usize, Weak<dyn Any + Send + Sync>)> {
        match &self.0 {
            Repr::Shared(value) if Arc::strong_count(value) > 1 => {
                Some((Arc::as_ptr(value).cast::<()>().addr(), Arc::downgrade(value)))
            }
            _ => None,
        }
    }

    /// Reads the value.
    pub(crate) fn peek<T: Value>(&self) -> &T {
        let value = match &self.0 {
            Repr::Shared(slot) => slot.downcast_ref::<Slot<T>>().map(Slot::value),
            number => number.number(),
        };
        value.unwrap_or_else(|| wrong_type::<T>())
    }
}

fn slot<T: Value>(value: Arc<dyn Any + Send + Sync>) -> Arc<Slot<T>> {
    value.downcast().unwrap_or_else(|_| wrong_type::<T>())
}

#[cold]
#[track_caller]
fn wrong_type<T>() -> ! {
    unreachable!("a handle promised a `{}`, and the value is something else", type_name::<T>())
}

impl fmt::Debug for Erased {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Erased")
    }
}

/// A value that an op borrows: shared, never cloned, or its own.
pub struct Held<T>(Holding<T>);

enum Holding<T> {
    Shared(Arc<Slot<T>>),
    Own(T),
}

impl<T> Held<T> {
    /// A value that nobody else uses.
    pub(crate) fn own(value: T) -> Self {
        Self(Holding::Own(value))
    }
}

impl<T> Deref for Held<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.0 {
            Holding::Shared(slot) => slot.value(),
            Holding::Own(value) => value,
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Held<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

/// Values found by their type.
#[derive(Clone, Default)]
pub(crate) struct TypeMap(HashMap<TypeId, Arc<dyn Any + Send + Sync>>);

impl TypeMap {
    pub(crate) fn insert<T: Send + Sync + 'static>(&mut self, value: Arc<T>) {
        self.0.insert(TypeId::of::<T>(), value);
    }

    pub(crate) fn get<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.0.get(&TypeId::of::<T>()).and_then(|value| Arc::clone(value).downcast().ok())
    }

    pub(crate) fn contains(&self, id: TypeId) -> bool {
        self.0.contains_key(&id)
    }
}

impl fmt::Debug for TypeMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypeMap").field("len", &self.0.len()).finish()
    }
}
