//! What the ops with dynamic outputs emit. The engine's ops and the reference follow the same scripts.

use std::fmt;

use dynagraph::MappingKey;

use super::trying::{Failing, Policy};
use super::work::{MODULUS, Style, V};

/// An op with dynamic outputs.
#[derive(Debug, Clone)]
pub(super) struct Producer {
    pub(super) node: usize,
    pub(super) form: Form,
    pub(super) pace: Style,
    pub(super) outputs: Outputs,
    /// How many keys there are; for a list, at most one for each of its values.
    pub(super) keys: usize,
    /// The number of keys depends on the input.
    pub(super) varies: bool,
    pub(super) naming: Naming,
    pub(super) fault: Option<ProducerFault>,
    pub(super) policy: Option<Policy>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Returns a list.
    List,
    /// Emits one by one.
    Emit,
    /// Emits what a stream gives, or an iterator if the op is blocking.
    EmitAll,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outputs {
    One,
    PlainAndOne,
    Two,
    /// The second output has every other key only.
    TwoSparse,
}

/// What the keys are called.
#[derive(Debug, Clone, Copy)]
pub(super) struct Naming {
    pub(super) text: bool,
    pub(super) start: usize,
    pub(super) reversed: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct ProducerFault {
    pub(super) what: ProducerWrong,
    /// It happens after so many keys.
    pub(super) after: usize,
    /// It happens for one in so many inputs.
    pub(super) every: i64,
    /// It happens in the first so many attempts; in all of them, if this is none.
    pub(super) attempts: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProducerWrong {
    Error,
    Panic,
    Duplicate,
    BadKey,
    /// As `Duplicate`, and the op goes on, as if nothing had been wrong.
    DuplicateIgnored,
}

/// What one attempt of a producer does.
pub(super) struct Script {
    pub(super) plain: i64,
    /// The output, the key and the value of every emission, in order.
    pub(super) emissions: Vec<(usize, Key, i64)>,
    /// How the op ends, if not well.
    pub(super) end: Result<(), Failing>,
    /// Errors of emissions do not end the op.
    pub(super) stubborn: bool,
}

/// A mapping key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key(pub(super) String);

/// Some with characters that a step key encodes, one that is an integer.
const TEXTS: [&str; 9] = ["a", "b/c", "x[1]", "é", "3", "100%", "A", " ", "*?"];

impl Key {
    pub(super) fn is_bad(&self) -> bool {
        self.0.is_empty() || self.0.contains(char::is_control)
    }
}

impl From<&Key> for MappingKey {
    fn from(key: &Key) -> Self {
        match key.0.parse::<i64>() {
            Ok(number) => number.into(),
            Err(_) => key.0.as_str().into(),
        }
    }
}

impl Naming {
    fn key(self, keys: usize, place: usize) -> Key {
        let place = if self.reversed { keys - 1 - place } else { place };
        let number = self.start + place;
        Key(if self.text { TEXTS[number % TEXTS.len()].to_owned() } else { number.to_string() })
    }
}

impl Producer {
    /// What an attempt, counted from 1, does with this input.
    pub(super) fn script(&self, input: &V, attempt: u32) -> Script {
        let seed = input.digest() + i64::try_from(self.node).unwrap_or_default();
        let values: Vec<i64> = match input {
            V::List(list) => list.iter().map(V::digest).take(self.keys).collect(),
            _ => (0i64..).map(|place| (seed + place * 5) % MODULUS).take(self.keys).collect(),
        };
        let wanted = usize::try_from(seed.rem_euclid(7)).unwrap_or_default();
        let keys = if self.varies { values.len().min(wanted) } else { values.len() };
        let mut emissions = Vec::new();
        for (place, value) in values.into_iter().take(keys).enumerate() {
            let key = self.naming.key(keys, place);
            let second = match self.outputs {
                Outputs::Two => true,
                Outputs::TwoSparse => place % 2 == 0,
                Outputs::One | Outputs::PlainAndOne => false,
            };
            emissions.push((0, key.clone(), value));
            if second {
                emissions.push((1, key, -value));
            }
        }
        if self.form == Form::EmitAll {
            emissions.sort_by_key(|(output, ..)| *output);
        }
        let plain = seed.rem_euclid(MODULUS);
        let mut script = Script { plain, emissions, end: Ok(()), stubborn: false };
        let strikes = |fault: &ProducerFault| {
            let still = fault.attempts.is_none_or(|attempts| attempt <= attempts);
            still && seed.rem_euclid(fault.every) == 0
        };
        if let Some(fault) = self.fault.filter(strikes) {
            script.spoil(fault);
        }
        script
    }
}

impl Script {
    fn spoil(&mut self, fault: ProducerFault) {
        let after = fault.after.min(self.emissions.len());
        let first = self.emissions.first().filter(|_| after > 0).cloned();
        let bad = (0, Key("a\nb".to_owned()), 0);
        match fault.what {
            ProducerWrong::Error => self.end = Err(Failing::Error),
            ProducerWrong::Panic => self.end = Err(Failing::Panic),
            ProducerWrong::BadKey => self.emissions.insert(after, bad),
            ProducerWrong::Duplicate => self.emissions.insert(after, first.unwrap_or(bad)),
            ProducerWrong::DuplicateIgnored => {
                self.emissions.insert(after, first.unwrap_or(bad));
                self.stubborn = true;
            }
        }
        if self.end.is_err() {
            self.emissions.truncate(after);
        }
    }
}

impl fmt::Display for Producer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.node)
    }
}
