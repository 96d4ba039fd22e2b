//! Dynamic outputs: any number of values, each with a mapping key.

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use futures::{Stream, StreamExt as _};

use crate::key::{Fault, KeyError, KeySet, MappingKey, first_fault};
use crate::keyed::Keyed;
use crate::sync::lock;
use crate::value::{Erased, Value};

/// One value of a dynamic output, with the key of the copies that it gets.
///
/// # Examples
///
/// ```
/// use dynagraph_runtime::DynamicOutput;
///
/// let page = DynamicOutput::new("text of the page", "page_1");
/// assert_eq!(page.key().as_str(), "page_1");
/// assert_eq!(*page.value(), "text of the page");
/// ```
// Not `Clone`: a list of these is an output, never a value on its way to an op.
#[derive(Debug)]
pub struct DynamicOutput<T> {
    value: T,
    key: MappingKey,
}

impl<T> DynamicOutput<T> {
    /// A value and its mapping key.
    pub fn new(value: T, key: impl Into<MappingKey>) -> Self {
        Self { value, key: key.into().emitted() }
    }

    /// The value.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// The mapping key.
    pub fn key(&self) -> &MappingKey {
        &self.key
    }

    /// The value and the mapping key.
    pub fn into_parts(self) -> (T, MappingKey) {
        (self.value, self.key)
    }
}

/// Why a value could not be emitted.
///
/// A bad or doubled key fails the step, also when the op goes on.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum EmitError {
    /// The text cannot be a mapping key.
    #[error("output `{output}` emitted the key {key:?}: {reason}")]
    #[non_exhaustive]
    BadKey {
        /// The output's name.
        output: &'static str,
        /// The key.
        key: MappingKey,
        /// What is wrong with it.
        reason: KeyError,
    },
    /// The output has emitted this key before.
    #[error("output `{output}` emitted the key {key:?} twice")]
    #[non_exhaustive]
    DuplicateKey {
        /// The output's name.
        output: &'static str,
        /// The key.
        key: MappingKey,
    },
    /// The step that owns the output has ended, or its run has.
    #[error("output `{output}` is closed: its step has ended")]
    #[non_exhaustive]
    Closed {
        /// The output's name.
        output: &'static str,
    },
    /// An async op called [`DynamicOut::blocking_emit`].
    #[error(
        "output `{output}`: an async op emits with `emit(..).await`, `blocking_emit` would block its worker"
    )]
    #[non_exhaustive]
    WouldBlock {
        /// The output's name.
        output: &'static str,
    },
}

impl From<EmitError> for io::Error {
    fn from(error: EmitError) -> Self {
        Self::other(error)
    }
}

/// The engine's end of one dynamic output of one step.
pub(crate) trait Port: Send + Sync {
    /// Takes one value, or says why not.
    fn try_emit(&self, key: MappingKey, value: Erased) -> Result<(), Refused>;
    /// Waits until there is room; the step gives its slot to others meanwhile.
    fn room(&self) -> BoxFuture<'_, Result<(), EmitError>>;
    /// Says whether the op runs on a thread that may block.
    fn may_block(&self) -> Result<(), EmitError>;
    /// As `room`, on a thread that may block.
    fn block_for_room(self: Arc<Self>) -> Result<(), EmitError>;
}

/// Why a port did not take a value.
pub(crate) enum Refused {
    /// The window is full.
    Full(MappingKey, Erased),
    /// It never will.
    Error(EmitError),
}

/// Emits the values of a dynamic output, one by one.
///
/// An op that has a parameter of this type is given one; it is no input, and the parameter's name is the output's.
/// What is mapped over the output starts as soon as a value is emitted.
/// Emitting waits while as many keys as the fan-out's window are emitted and not finished.
///
/// # Examples
///
/// Calling an op that emits, in a unit test:
///
/// ```
/// use dynagraph_runtime::{DynamicOut, EmitError};
///
/// fn letters(text: &str, letters: DynamicOut<char>) -> Result<(), EmitError> {
///     for (place, letter) in text.chars().enumerate() {
///         letters.blocking_emit(letter, place)?;
///     }
///     Ok(())
/// }
///
/// let (out, emitted) = DynamicOut::capture();
/// letters("ab", out)?;
/// assert_eq!(emitted.into_keyed()["1"], 'b');
/// # Ok::<(), EmitError>(())
/// ```
pub struct DynamicOut<T> {
    port: Arc<dyn Port>,
    values: PhantomData<fn(T)>,
}

impl<T: Value> DynamicOut<T> {
    pub(crate) fn new(port: Arc<dyn Port>) -> Self {
        Self { port, values: PhantomData }
    }

    /// An emitter for a unit test, and what it will have emitted.
    pub fn capture() -> (Self, Captured<T>) {
        let port = Arc::<CapturePort>::default();
        let captured = Captured { port: Arc::clone(&port), values: PhantomData };
        (Self::new(port), captured)
    }

    /// Emits a value, waiting while the window is full.
    ///
    /// # Errors
    ///
    /// If the key is bad or was emitted before, or if the step has ended.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is done, the value is not emitted.
    /// If it was waiting, the step goes on without its slot until the next emit that waits has ended.
    pub async fn emit(&self, value: T, key: impl Into<MappingKey>) -> Result<(), EmitError> {
        let mut item = (key.into().emitted(), Erased::new(value));
        loop {
            // A producer that never has to wait must still let its copies run.
            tokio::task::coop::consume_budget().await;
            match self.port.try_emit(item.0, item.1) {
                Ok(()) => return Ok(()),
                Err(Refused::Error(error)) => return Err(error),
                Err(Refused::Full(key, value)) => item = (key, value),
            }
            self.port.room().await?;
        }
    }

    /// Emits a value from a sync op, blocking its thread while the window is full.
    ///
    /// # Errors
    ///
    /// If the key is bad or was emitted before, if the step has ended, or if the op is async.
    pub fn blocking_emit(&self, value: T, key: impl Into<MappingKey>) -> Result<(), EmitError> {
        self.port.may_block()?;
        let mut item = (key.into().emitted(), Erased::new(value));
        loop {
            match self.port.try_emit(item.0, item.1) {
                Ok(()) => return Ok(()),
                Err(Refused::Error(error)) => return Err(error),
                Err(Refused::Full(key, value)) => item = (key, value),
            }
            Arc::clone(&self.port).block_for_room()?;
        }
    }

    /// Emits everything that a stream gives, until it ends.
    ///
    /// # Errors
    ///
    /// As [`emit`](Self::emit); what is left of the stream is dropped.
    pub async fn emit_all(
        &self,
        outputs: impl Stream<Item = DynamicOutput<T>>,
    ) -> Result<(), EmitError> {
        let mut outputs = std::pin::pin!(outputs);
        while let Some(output) = outputs.next().await {
            self.emit(output.value, output.key).await?;
        }
        Ok(())
    }

    /// Emits everything that an iterator gives, from a sync op.
    ///
    /// # Errors
    ///
    /// As [`blocking_emit`](Self::blocking_emit); what is left of the iterator is dropped.
    pub fn blocking_emit_all(
        &self,
        outputs: impl IntoIterator<Item = DynamicOutput<T>>,
    ) -> Result<(), EmitError> {
        for output in outputs {
            self.blocking_emit(output.value, output.key)?;
        }
        Ok(())
    }
}

impl<T> Clone for DynamicOut<T> {
    fn clone(&self) -> Self {
        Self { port: Arc::clone(&self.port), values: PhantomData }
    }
}

impl<T> fmt::Debug for DynamicOut<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DynamicOut")
    }
}

/// What an op under test emitted. Made by [`DynamicOut::capture`].
pub struct Captured<T> {
    port: Arc<CapturePort>,
    values: PhantomData<fn() -> T>,
}

impl<T: Value> Captured<T> {
    /// The emitted values with their keys, in the order of emission.
    pub fn into_keyed(self) -> Keyed<T> {
        let mut taken = lock(&self.port.0);
        let emitted = std::mem::take(&mut taken.emitted);
        Keyed::new(emitted.into_iter().map(|(key, value)| (key, value.take())).collect())
    }
}

impl<T> fmt::Debug for Captured<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Captured")
    }
}

#[derive(Default)]
struct CapturePort(Mutex<Emissions>);

#[derive(Default)]
struct Emissions {
    keys: KeySet,
    emitted: Vec<(MappingKey, Erased)>,
}

impl Port for CapturePort {
    fn try_emit(&self, key: MappingKey, value: Erased) -> Result<(), Refused> {
        let mut emissions = lock(&self.0);
        check_key("captured", &key, &mut emissions.keys).map_err(Refused::Error)?;
        emissions.emitted.push((key, value));
        Ok(())
    }

    fn room(&self) -> BoxFuture<'_, Result<(), EmitError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn may_block(&self) -> Result<(), EmitError> {
        Ok(())
    }

    fn block_for_room(self: Arc<Self>) -> Result<(), EmitError> {
        Ok(())
    }
}

/// Says whether an output may emit a key, and remembers it.
pub(crate) fn check_key(
    output: &'static str,
    key: &MappingKey,
    seen: &mut KeySet,
) -> Result<(), EmitError> {
    if let Err(reason) = key.check() {
        return Err(refusal(output, key, Fault::Bad(reason)));
    }
    if !seen.insert(key) {
        return Err(refusal(output, key, Fault::Doubled));
    }
    Ok(())
}

/// Says whether an output may emit all keys of a list.
pub(crate) fn check_list<T>(
    output: &'static str,
    list: &[DynamicOutput<T>],
) -> Result<(), EmitError> {
    match first_fault(list.iter().map(DynamicOutput::key)) {
        Some((key, fault)) => Err(refusal(output, key, fault)),
        None => Ok(()),
    }
}

#[cold]
fn refusal(output: &'static str, key: &MappingKey, fault: Fault) -> EmitError {
    let key = key.clone();
    match fault {
        Fault::Bad(reason) => EmitError::BadKey { output, key, reason },
        Fault::Doubled => EmitError::DuplicateKey { output, key },
    }
}
