//! Why values are missing, and which failures a run survives: the words of the reference.
//!
//! Whatever is missing knows its whole history. What a partial gather accepts is tolerated, with that history; a run
//! succeeds if nothing else went wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::outcome::{Copy, Path, Status};
use super::shape::ScopeId;

/// Why a value is missing.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Why(Rc<History>);

#[derive(Debug, Clone, Default, PartialEq)]
struct History {
    /// The steps that failed, with the number of their attempts.
    failed: BTreeMap<Step, u32>,
    /// The steps that were not run: the value would have been made of theirs.
    lost: BTreeSet<Step>,
    /// The copies that something missing came out of.
    left: BTreeSet<(ScopeId, Path)>,
}

/// A step: its node, and the copies that it is in.
type Step = (String, Path);

impl Why {
    pub(super) fn failed(node: &str, at: &Path, attempts: u32) -> Self {
        let failed = BTreeMap::from([((node.to_owned(), at.clone()), attempts)]);
        Self(Rc::new(History { failed, ..History::default() }))
    }

    #[must_use]
    pub(super) fn lost(mut self, node: &str, at: &Path) -> Self {
        Rc::make_mut(&mut self.0).lost.insert((node.to_owned(), at.clone()));
        self
    }

    /// Outside of a copy.
    #[must_use]
    pub(super) fn left(mut self, scope: ScopeId, copy: &[Copy]) -> Self {
        Rc::make_mut(&mut self.0).left.insert((scope, copy.to_vec()));
        self
    }

    #[must_use]
    pub(super) fn and(mut self, other: Self) -> Self {
        if !Rc::ptr_eq(&self.0, &other.0) {
            let (history, other) = (Rc::make_mut(&mut self.0), Rc::unwrap_or_clone(other.0));
            history.failed.extend(other.failed);
            history.lost.extend(other.lost);
            history.left.extend(other.left);
        }
        self
    }

    /// The steps that failed, with the number of their attempts.
    pub(super) fn failures(&self) -> impl Iterator<Item = (&str, &Path, u32)> {
        self.0.failed.iter().map(|((node, at), attempts)| (node.as_str(), at, *attempts))
    }

    /// Whether a step is part of the history, or stands in a copy that is. `around` are the scopes of all its copies.
    pub(super) fn covers(
        &self,
        around: impl Iterator<Item = ScopeId>,
        (node, at): (&str, &Path),
        status: Status,
    ) -> bool {
        let step = (node.to_owned(), at.clone());
        let is_part = match status {
            Status::Failure => self.0.failed.contains_key(&step),
            Status::UpstreamFailed => self.0.lost.contains(&step),
            Status::Success | Status::Skipped => true,
        };
        let mut around = around.zip((1..=at.len()).rev());
        is_part || around.any(|(scope, depth)| self.0.left.contains(&(scope, at[..depth].to_vec())))
    }
}
