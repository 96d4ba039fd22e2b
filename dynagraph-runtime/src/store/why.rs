//! Why a step was run, by what the store has of it and of the time before.

use std::fmt;

use super::{Fingerprint, InputPrint, NodeInfo, StoredRun, StoredStep};
use crate::key::KeyPath;
use crate::step::StepStatus;

/// Why a step of a stored run was run or not.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// It was not run: something before it failed or was skipped, or its key was not emitted.
    NotRun,
    /// It was not run: another run had it.
    Reused,
    /// There was no run of the job before.
    FirstRun,
    /// The run before had no such node.
    NewNode,
    /// The run before did not come to this step, or did not emit its key.
    NewKey,
    /// It had not succeeded before.
    #[non_exhaustive]
    Unfinished {
        /// How it had ended.
        status: StepStatus,
    },
    /// Not all keys that it had emitted were stored.
    Incomplete,
    /// The node was a use of another op.
    #[non_exhaustive]
    OpChanged {
        /// The op's name before.
        from: String,
        /// The op's name in this run.
        to: String,
    },
    /// The op had another version.
    #[non_exhaustive]
    VersionChanged {
        /// The version before.
        from: Option<String>,
        /// The version in this run.
        to: Option<String>,
    },
    /// The op's name, the version and the inputs were the same. But a cached op is known by the path of its type: it was moved,
    /// is another one of that name, or is cached only since.
    OpMoved,
    /// An input was another one.
    #[non_exhaustive]
    InputsChanged {
        /// The names of the inputs. Empty if the store does not say.
        inputs: Vec<String>,
    },
    /// It runs every time, as what it takes or gives cannot be encoded.
    #[non_exhaustive]
    NotEncodable {
        /// The names of such inputs.
        inputs: Vec<String>,
        /// The names of such outputs.
        outputs: Vec<String>,
    },
    /// Nothing had changed. The op is not cached, and so it runs in every new run.
    NotCached,
    /// Nothing had changed. What it had given was not there any more, was damaged, or was of another type.
    Lost,
}

/// Says why a step was run, or not, by what is stored of its run and of the run of the job before that:
/// [`RunStore::run_before`](super::RunStore::run_before).
///
/// Where a run went on, it says what had become of the step in the sessions before.
///
/// # Examples
///
/// ```
/// use dynagraph_runtime::store::{MemoryStore, NodeInfo, Record, RunInfo, RunStore, StepEnded, Why, why};
/// use dynagraph_runtime::{KeyPath, StepStatus};
/// # use dynagraph_runtime::store::StoreError;
///
/// let store = MemoryStore::new();
/// let mut run = RunInfo::new("nightly");
/// run.nodes.push(NodeInfo::new("load", "load"));
/// let step = StepEnded::new(0, KeyPath::root(), StepStatus::Success);
/// store.begin(&run)?.append(Record::StepEnded(step));
///
/// let stored = store.read(run.id)?;
/// assert!(store.run_before(run.id)?.is_none());
/// let answer = why(&stored, None, "load", &KeyPath::root());
/// assert_eq!(answer, Why::FirstRun);
/// assert_eq!(answer.to_string(), "no run of the job came before");
/// # Ok::<(), StoreError>(())
/// ```
pub fn why(run: &StoredRun, before: Option<&StoredRun>, node: &str, path: &KeyPath) -> Why {
    let is_missing =
        |run: &StoredRun| run.missing_steps().any(|key| key.node() == node && key.path() == path);
    let Some(step) = run.step(node, path) else {
        return if is_missing(run) { Why::Incomplete } else { Why::NotRun };
    };
    if step.status == StepStatus::Cached {
        return Why::Reused;
    }
    if let Some(earlier) = &step.earlier {
        return Told {
            node: &earlier.node,
            status: earlier.status,
            fingerprint: earlier.fingerprint,
            inputs: &earlier.inputs,
        }
        .why_again(step, false);
    }
    let Some(before) = before else { return Why::FirstRun };
    if let Some(then) = before.step(node, path) {
        return Told::of(then).why_again(step, !step.node.cached);
    }
    if is_missing(before) {
        Why::Incomplete
    } else if before.steps().any(|step| step.node.name == node) {
        Why::NewKey
    } else {
        Why::NewNode
    }
}

/// What was told of a step before.
struct Told<'a> {
    node: &'a NodeInfo,
    status: StepStatus,
    fingerprint: Option<Fingerprint>,
    inputs: &'a [Option<InputPrint>],
}

impl<'a> Told<'a> {
    fn of(step: &'a StoredStep) -> Self {
        let StoredStep { node, status, fingerprint, inputs, .. } = step;
        Self { node, status: *status, fingerprint: *fingerprint, inputs }
    }

    /// Why the step was run once more. `anew`: it would have been whatever it had given.
    fn why_again(&self, now: &StoredStep, anew: bool) -> Why {
        let version = |node: &NodeInfo| node.version.as_deref().map(str::to_owned);
        if !self.status.is_good() {
            Why::Unfinished { status: self.status }
        } else if self.node.op != now.node.op {
            let [from, to] = [self.node, &now.node].map(|node| node.op.clone().into_owned());
            Why::OpChanged { from, to }
        } else if self.node.version != now.node.version {
            Why::VersionChanged { from: version(self.node), to: version(&now.node) }
        } else if now.fingerprint.is_none() {
            Why::NotEncodable { inputs: Told::of(now).not_encodable(), outputs: Vec::new() }
        } else if self.fingerprint != now.fingerprint && self.has_inputs_of(now) {
            Why::OpMoved
        } else if self.fingerprint != now.fingerprint {
            Why::InputsChanged { inputs: self.changed(&Told::of(now)) }
        } else if now.not_encodable().next().is_some() {
            let names = now.not_encodable().filter_map(|place| now.node.outputs.get(place));
            let outputs = names.map(|name| name.clone().into_owned()).collect();
            Why::NotEncodable { inputs: Vec::new(), outputs }
        } else if anew {
            Why::NotCached
        } else {
            Why::Lost
        }
    }

    /// Whether it is known that all inputs are the same.
    fn has_inputs_of(&self, now: &StoredStep) -> bool {
        self.inputs == now.inputs && now.inputs.len() == now.node.inputs.len()
    }

    /// The inputs by name, if they are known.
    fn inputs(&self) -> impl Iterator<Item = (&str, Option<InputPrint>)> {
        let known = self.node.inputs.len() == self.inputs.len();
        let names = self.node.inputs.iter().map(|name| &**name);
        names.zip(self.inputs.iter().copied()).filter(move |_| known)
    }

    fn not_encodable(&self) -> Vec<String> {
        let inputs = self.inputs().filter(|(_, print)| print.is_none());
        inputs.map(|(name, _)| name.to_owned()).collect()
    }

    /// The inputs that differ, and those that only one of the two has.
    fn changed(&self, now: &Self) -> Vec<String> {
        let print = |of: &Self, name: &str| {
            of.inputs().find(|(other, _)| *other == name).and_then(|(_, print)| print)
        };
        if self.inputs().next().is_none() || now.inputs().next().is_none() {
            return Vec::new();
        }
        let of_now = now.inputs().map(|(name, _)| name);
        let gone = self.inputs().map(|(name, _)| name);
        let gone = gone.filter(|name| now.inputs().all(|(other, _)| other != *name));
        let differs =
            |name: &&str| print(self, name).is_none_or(|then| print(now, name) != Some(then));
        of_now.chain(gone).filter(differs).map(str::to_owned).collect()
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRun => f.write_str("it was not run, nor reused"),
            Self::Reused => f.write_str("it was not run, as another run had it"),
            Self::FirstRun => f.write_str("no run of the job came before"),
            Self::NewNode => f.write_str("the run before had no such node"),
            Self::NewKey => f.write_str("the run before did not come to it"),
            Self::Unfinished { status } => write!(f, "before, it had ended as {status}"),
            Self::Incomplete => f.write_str("not all keys that it had emitted were stored"),
            Self::OpChanged { from, to } => write!(f, "its op was `{from}`, and is `{to}`"),
            Self::VersionChanged { from, to } => {
                write!(f, "the op's version was {}, and is {}", Version(from), Version(to))
            }
            Self::OpMoved => f.write_str(OP_MOVED),
            Self::InputsChanged { inputs } if inputs.is_empty() => {
                f.write_str("its inputs changed, and the store does not say which")
            }
            Self::InputsChanged { inputs } => match &**inputs {
                [input] => write!(f, "its input {} changed", Names(&[input])),
                inputs => write!(f, "its inputs {} changed", Names(inputs)),
            },
            Self::NotEncodable { inputs, outputs } => {
                f.write_str("it runs every time, as ")?;
                match (&**inputs, &**outputs) {
                    ([], []) => f.write_str("an input cannot be encoded"),
                    ([], outputs) => {
                        write!(f, "{} cannot be encoded, which it gives", Names(outputs))
                    }
                    (inputs, _) => write!(f, "{} cannot be encoded, which it takes", Names(inputs)),
                }
            }
            Self::NotCached => f.write_str("nothing changed, and its op is not cached"),
            Self::Lost => f.write_str("nothing changed, and what it had given was gone or damaged"),
        }
    }
}

/// Of an op that has the name that another one had, in words.
pub(super) const OP_MOVED: &str = "its op was moved, became cached, or is another one of that name";

/// A version, in words.
pub(super) struct Version<'a>(pub(super) &'a Option<String>);

impl fmt::Display for Version<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(version) => write!(f, "\"{version}\""),
            None => f.write_str("none"),
        }
    }
}

/// Names, in words.
struct Names<'a, N>(&'a [N]);

impl<N: AsRef<str>> fmt::Display for Names<'_, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, name) in self.0.iter().enumerate() {
            let before = match place {
                0 => "",
                _ if place + 1 == self.0.len() => " and ",
                _ => ", ",
            };
            write!(f, "{before}`{}`", name.as_ref())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        History, KeyEmitted, OutputRecord, Record, RunInfo, RunState, RunSummary, StepEnded,
    };
    use super::*;

    /// A node `load(file, limit)` that gives `page`.
    fn load() -> NodeInfo {
        let mut node = NodeInfo::new("load", "load");
        node.version = Some("1".into());
        node.inputs = vec!["file".into(), "limit".into()];
        node.outputs = vec!["page".into()];
        node
    }

    /// Its step, given these.
    fn given(file: u8, limit: u8) -> StepEnded {
        let mut step = StepEnded::new(0, KeyPath::root(), StepStatus::Success);
        step.fingerprint = Some(Fingerprint::from_bytes([file * 16 + limit; 16]));
        step.inputs = [file, limit].map(|input| Some(InputPrint::from_bytes([input; 8]))).to_vec();
        step.outputs = vec![OutputRecord::Nothing];
        step
    }

    fn stored(sessions: impl IntoIterator<Item = (NodeInfo, StepEnded)>) -> StoredRun {
        let info = RunInfo::new("nightly");
        let mut history = History::new(RunSummary::new(&info, None, RunState::Interrupted));
        for (session, (node, mut step)) in (0..).zip(sessions) {
            step.node = history.add_node(node);
            history.push(session, Record::StepEnded(step));
        }
        history.finish()
    }

    /// Why the step of a run was run, after one that was as usual.
    fn after_usual(node: NodeInfo, step: StepEnded) -> Why {
        let before = stored([(load(), given(1, 2))]);
        why(&stored([(node, step)]), Some(&before), "load", &KeyPath::root())
    }

    fn changed(inputs: &[&str]) -> Why {
        Why::InputsChanged { inputs: inputs.iter().map(|name| (*name).to_owned()).collect() }
    }

    #[test]
    fn what_changed_since_the_run_before_is_the_reason() {
        assert_eq!(after_usual(load(), given(1, 2)), Why::NotCached);
        let cached = NodeInfo { cached: true, ..load() };
        assert_eq!(after_usual(cached, given(1, 2)), Why::Lost);
        assert_eq!(after_usual(load(), given(1, 3)), changed(&["limit"]));
        assert_eq!(after_usual(load(), given(3, 4)), changed(&["file", "limit"]));
        let moved =
            StepEnded { fingerprint: Some(Fingerprint::from_bytes([7; 16])), ..given(1, 2) };
        assert_eq!(after_usual(load(), moved), Why::OpMoved);
        let renamed = NodeInfo { inputs: vec!["path".into(), "limit".into()], ..load() };
        assert_eq!(after_usual(renamed, given(3, 2)), changed(&["path", "file"]));
        let unknown = StepEnded { inputs: Vec::new(), ..given(3, 2) };
        assert_eq!(after_usual(load(), unknown), changed(&[]));
        let other = NodeInfo { op: "fetch".into(), ..load() };
        let (from, to) = ("load".to_owned(), "fetch".to_owned());
        assert_eq!(after_usual(other, given(1, 2)), Why::OpChanged { from, to });
        let newer = NodeInfo { version: Some("2".into()), ..load() };
        let (from, to) = (Some("1".to_owned()), Some("2".to_owned()));
        assert_eq!(after_usual(newer, given(1, 2)), Why::VersionChanged { from, to });
    }

    #[test]
    fn what_cannot_be_encoded_runs_every_time() {
        let input = StepEnded { fingerprint: None, ..given(1, 2) };
        let inputs = vec![input.inputs[0], None];
        let input = StepEnded { inputs, ..input };
        let (inputs, outputs) = (vec!["limit".to_owned()], Vec::new());
        assert_eq!(after_usual(load(), input), Why::NotEncodable { inputs, outputs });
        let output = StepEnded { outputs: vec![OutputRecord::NotEncodable], ..given(1, 2) };
        let (inputs, outputs) = (Vec::new(), vec!["page".to_owned()]);
        assert_eq!(after_usual(load(), output), Why::NotEncodable { inputs, outputs });
    }

    #[test]
    fn what_the_run_before_does_not_have_is_new() {
        let run = stored([(load(), given(1, 2))]);
        let root = KeyPath::root();
        assert_eq!(why(&run, None, "load", &root), Why::FirstRun);
        let keyed = StepEnded { path: KeyPath::from_exact("7").unwrap(), ..given(1, 2) };
        let before = stored([(load(), keyed)]);
        assert_eq!(why(&run, Some(&before), "load", &root), Why::NewKey);
        let before = stored([(NodeInfo::new("other", "load"), given(1, 2))]);
        assert_eq!(why(&run, Some(&before), "load", &root), Why::NewNode);
        assert_eq!(why(&run, Some(&before), "other", &root), Why::NotRun);
        let emits = StepEnded { outputs: vec![OutputRecord::Emitted(1)], ..given(1, 2) };
        let before = stored([(load(), emits)]);
        assert_eq!(why(&run, Some(&before), "load", &root), Why::Incomplete);
    }

    #[test]
    fn a_run_that_went_on_looks_at_its_own_sessions() {
        let failed = StepEnded { status: StepStatus::Failure, ..given(1, 2) };
        let before = stored([(load(), given(1, 2))]);
        let run = stored([(load(), failed), (load(), given(1, 2))]);
        let root = KeyPath::root();
        let status = StepStatus::Failure;
        assert_eq!(why(&run, Some(&before), "load", &root), Why::Unfinished { status });
        let run = stored([(load(), given(1, 2)), (load(), given(1, 2))]);
        assert_eq!(why(&run, None, "load", &root), Why::Lost);
        let reused = StepEnded { status: StepStatus::Cached, ..given(1, 2) };
        let run = stored([(load(), reused)]);
        assert_eq!(why(&run, Some(&before), "load", &root), Why::Reused);
    }

    #[test]
    fn every_reason_is_one_sentence() {
        let text = |why: Why| why.to_string();
        assert_eq!(text(changed(&["file"])), "its input `file` changed");
        assert_eq!(text(changed(&["a", "b", "c"])), "its inputs `a`, `b` and `c` changed");
        let version = Why::VersionChanged { from: None, to: Some("2".to_owned()) };
        assert_eq!(text(version), "the op's version was none, and is \"2\"");
        let (inputs, outputs) = (Vec::new(), vec!["page".to_owned()]);
        let expected = "it runs every time, as `page` cannot be encoded, which it gives";
        assert_eq!(text(Why::NotEncodable { inputs, outputs }), expected);
        let status = StepStatus::Failure;
        assert_eq!(text(Why::Unfinished { status }), "before, it had ended as Failure");
    }

    /// A key of one session is none of the next one.
    #[test]
    fn a_producer_that_was_cut_in_a_later_session_is_incomplete() {
        let info = RunInfo::new("nightly");
        let mut history = History::new(RunSummary::new(&info, None, RunState::Interrupted));
        history.add_node(load());
        let key = |index| {
            Record::KeyEmitted(KeyEmitted {
                node: 0,
                path: KeyPath::root(),
                attempt: 1,
                output: 0,
                index,
                key: index.into(),
                value: None,
            })
        };
        let emits = StepEnded { outputs: vec![OutputRecord::Emitted(1)], ..given(1, 2) };
        history.push(0, key(0));
        history.push(0, Record::StepEnded(emits));
        history.push(1, key(0));
        let run = history.finish();
        assert_eq!(run.missing_steps().map(ToString::to_string).collect::<Vec<_>>(), ["load"]);
        assert_eq!(why(&run, None, "load", &KeyPath::root()), Why::Incomplete);
    }
}
