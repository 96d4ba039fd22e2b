//! What is generated: a job in which every choice is a number.
//!
//! [`grow`](super::grow::grow) makes a [`Shape`](super::shape::Shape) of it. Any seed grows into a valid job, so that
//! shrinking can leave out or shorten whatever it likes.

use super::producer::{Form, Naming, Outputs, ProducerFault};
use super::shape::By;
use super::trying::{Policy, Trouble};
use super::work::{Fault, Style};

/// Chooses one of the handles that are visible and of the right type: the most recent one is 0.
pub(super) type Pick = u8;

#[derive(Debug, Clone)]
pub(super) struct JobSeed {
    pub(super) body: Vec<Seed>,
    pub(super) output: OutputSeed,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum OutputSeed {
    Nothing,
    Value(Pick),
    Fan(Pick),
}

/// One statement. It is left out where nothing fits it.
#[derive(Debug, Clone)]
pub(super) enum Seed {
    Calc(CalcSeed),
    Produce(ProduceSeed),
    Gather { of: Pick, by: By, digest: WorkSeed },
    Map { entry: EntrySeed, body: Vec<Self>, returns: ReturnSeed, flat: bool },
    Filter { entry: EntrySeed, keep: CalcSeed },
    Fold { over: Pick, init: ArgSeed, body: Vec<Self>, result: Pick },
    Batch { of: Pick, size: usize },
    Zip { left: Pick, right: Pick },
    Flatten { of: Pick },
}

#[derive(Debug, Clone, Copy)]
pub(super) enum ArgSeed {
    Const(i64),
    Int(Pick),
    /// Only as the first argument.
    List(Pick),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct WorkSeed {
    pub(super) style: Style,
    pub(super) borrows: bool,
    pub(super) fault: Option<Fault>,
    pub(super) trouble: Option<Trouble>,
    pub(super) policy: Option<Policy>,
    pub(super) max_concurrent: Option<usize>,
}

#[derive(Debug, Clone)]
pub(super) struct CalcSeed {
    pub(super) work: WorkSeed,
    /// One to three.
    pub(super) args: Vec<ArgSeed>,
    pub(super) after: Option<Pick>,
}

#[derive(Debug, Clone)]
pub(super) struct ProduceSeed {
    pub(super) arg: ArgSeed,
    pub(super) after: Option<Pick>,
    pub(super) form: Form,
    pub(super) pace: Style,
    pub(super) outputs: Outputs,
    pub(super) keys: usize,
    pub(super) varies: bool,
    pub(super) naming: Naming,
    pub(super) fault: Option<ProducerFault>,
    pub(super) policy: Option<Policy>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct EntrySeed {
    pub(super) over: Pick,
    pub(super) window: Option<usize>,
    pub(super) max_concurrent: Option<usize>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum ReturnSeed {
    Nothing,
    Value(Pick),
    Values(Pick, Pick),
    Fan(Pick),
    ValueAndFan(Pick, Pick),
}
