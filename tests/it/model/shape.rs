//! A job as data: what the composer composes and the reference interprets.
//!
//! It is laid out: every value knows the scope that it stands in, every fan-out the scope of its copies.

use std::collections::HashMap;

use super::producer::Producer;
use super::work::Work;

/// The part of a job that a key duplicates. The root is the first.
pub(super) type ScopeId = usize;
pub(super) const ROOT: ScopeId = 0;

/// A value that every instance of one scope has.
pub(super) type Port = usize;

/// A name in the job function. Handles are `Copy`, and several names may stand for one port.
pub(super) type Var = usize;

/// A whole job.
#[derive(Default)]
pub(super) struct Shape {
    pub(super) scopes: Vec<Scope>,
    /// The scope of every port.
    pub(super) ports: Vec<ScopeId>,
    /// What every name stands for.
    pub(super) vars: Vec<Handle>,
    pub(super) body: Vec<Stmt>,
    /// How many steps of a node may run at once.
    pub(super) limits: HashMap<usize, usize>,
    /// Some producer blocks its thread while it waits to emit. Paused time does not go on meanwhile.
    pub(super) blocks: bool,
    /// Some op is not called on the thread of the runtime.
    pub(super) has_threads: bool,
    /// What the job function returns, if anything.
    pub(super) output: Option<Var>,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Scope {
    /// The root is its own.
    pub(super) parent: ScopeId,
    /// At most so many copies in an instance of the parent; keeps generated jobs small.
    pub(super) width: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Int,
    List,
    Pair,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Handle {
    Value(Type, Port),
    Fan(Box<Fan>),
}

/// Handles in copies. A fan-out of values is a `DynamicHandle`, one of fan-outs a `Mapped`.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Fan {
    /// The scope that the copies are seen from, one or several levels up.
    pub(super) view: ScopeId,
    pub(super) scope: ScopeId,
    /// What each copy has.
    pub(super) of: Handle,
}

#[derive(Clone, Copy)]
pub(super) enum Arg {
    Const(i64),
    Var(Var),
}

pub(super) enum Stmt {
    Calc(Calc),
    Produce(Produce),
    Gather(Gather),
    Map(Map),
    Filter(Filter),
    Fold(Fold),
    Batch(Batch),
    Zip(Zip),
    /// `nested.flatten()`: another view of the same copies.
    Flatten {
        of: Var,
        out: Var,
    },
}

/// One use of an op that computes.
pub(super) struct Calc {
    pub(super) work: Work,
    pub(super) args: Vec<Arg>,
    pub(super) after: Option<Var>,
    pub(super) out: Var,
}

/// One use of an op with dynamic outputs.
pub(super) struct Produce {
    pub(super) producer: Producer,
    pub(super) arg: Arg,
    pub(super) after: Option<Var>,
    pub(super) plain: Option<Var>,
    pub(super) fans: Vec<Var>,
}

/// How the values of copies are gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// `collect`
    Place,
    /// `collect_keyed`
    Key,
    /// `collect_partial`
    Partial(Tolerated),
}

/// How many keys may fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tolerated {
    Nothing,
    Count(usize),
    /// A ratio of so many quarters.
    Quarters(u8),
    All,
}

/// A list of what copies have, and an op that digests what it gives.
pub(super) struct Gather {
    pub(super) of: Var,
    pub(super) by: By,
    pub(super) all: Port,
    pub(super) digest: Work,
    pub(super) out: Var,
    /// The gathered list itself, where later statements can use it.
    pub(super) list: Option<Var>,
}

/// Where a closure is called on a fan-out, and what it is given.
pub(super) struct Entry {
    pub(super) over: Var,
    /// The copies that the closure composes in are new ones, made for this place.
    pub(super) replay: Option<Fan>,
    /// The closure's parameter; the two halves of it if it is a pair.
    pub(super) params: Vec<Var>,
    pub(super) window: Option<usize>,
    pub(super) max_concurrent: Option<usize>,
}

pub(super) struct Map {
    pub(super) entry: Entry,
    pub(super) body: Vec<Stmt>,
    pub(super) returns: Vec<Return>,
    /// Written as `flat_map`, which gives what `map` and `flatten` give.
    pub(super) flat: bool,
}

/// A handle that a closure returns.
pub(super) struct Return {
    pub(super) of: Var,
    pub(super) lift: Lift,
    /// What `map` returns for it.
    pub(super) out: Var,
}

/// How every copy comes to have what its closure returns.
#[derive(Clone)]
pub(super) enum Lift {
    /// It is the copy's own.
    Own,
    /// It is a value from outside: every copy has it, at this port.
    Settle(Port),
    /// It is a fan-out from outside: every copy has all of it.
    Replay(Fan),
}

pub(super) struct Filter {
    pub(super) entry: Entry,
    pub(super) keep: Calc,
    pub(super) gate: Port,
    pub(super) out: Var,
}

pub(super) struct Fold {
    pub(super) over: Var,
    pub(super) init: Arg,
    /// The scope of its steps.
    pub(super) scope: ScopeId,
    pub(super) accumulator: Var,
    pub(super) item: Port,
    pub(super) params: Vec<Var>,
    pub(super) body: Vec<Stmt>,
    pub(super) result: Var,
    pub(super) out: Var,
}

pub(super) struct Batch {
    pub(super) of: Var,
    pub(super) size: usize,
    pub(super) out: Var,
}

pub(super) struct Zip {
    pub(super) left: Var,
    pub(super) right: Var,
    /// What its failures are called: `zip`, `zip_2`. None within one fan-out, where no key can be missing.
    pub(super) name: Option<String>,
    pub(super) out: Var,
}

impl Shape {
    /// A scope and those around it, innermost first.
    pub(super) fn ancestry(&self, scope: ScopeId) -> impl Iterator<Item = ScopeId> {
        std::iter::successors(Some(scope), |&scope| {
            (scope != ROOT).then(|| self.scopes[scope].parent)
        })
    }

    pub(super) fn depth(&self, scope: ScopeId) -> usize {
        self.ancestry(scope).count() - 1
    }

    pub(super) fn contains(&self, outer: ScopeId, inner: ScopeId) -> bool {
        self.ancestry(inner).any(|scope| scope == outer)
    }

    /// The scope inside of all others of these, which lie on one line to the root.
    pub(super) fn deepest(&self, scopes: impl IntoIterator<Item = ScopeId>) -> ScopeId {
        scopes.into_iter().max_by_key(|&scope| self.depth(scope)).unwrap_or(ROOT)
    }

    /// The port of a value.
    pub(super) fn port(&self, var: Var) -> Port {
        match self.vars[var] {
            Handle::Value(_, port) => port,
            Handle::Fan(_) => unreachable!("v{var} is a fan-out"),
        }
    }

    pub(super) fn fan(&self, var: Var) -> &Fan {
        match &self.vars[var] {
            Handle::Fan(fan) => fan,
            Handle::Value(..) => unreachable!("v{var} is a value"),
        }
    }

    /// The scope that a value stands in; that which a fan-out is seen from.
    pub(super) fn scope_of(&self, var: Var) -> ScopeId {
        match &self.vars[var] {
            Handle::Value(_, port) => self.ports[*port],
            Handle::Fan(fan) => fan.view,
        }
    }

    pub(super) fn scope_of_arg(&self, arg: Arg) -> ScopeId {
        match arg {
            Arg::Const(_) => ROOT,
            Arg::Var(var) => self.scope_of(var),
        }
    }

    /// The scope that a use of an op stands in: the deepest that it needs something of.
    pub(super) fn home_of(&self, calc: &Calc) -> ScopeId {
        let args = calc.args.iter().map(|arg| self.scope_of_arg(*arg));
        self.deepest(args.chain(calc.after.map(|after| self.scope_of(after))))
    }

    /// The levels between a fan-out's view and its copies, outermost first.
    pub(super) fn levels(&self, fan: &Fan) -> Vec<ScopeId> {
        let mut levels: Vec<_> =
            self.ancestry(fan.scope).take_while(|&scope| scope != fan.view).collect();
        levels.reverse();
        levels
    }
}

impl Fan {
    pub(super) fn new(view: ScopeId, scope: ScopeId, of: Handle) -> Self {
        Self { view, scope, of }
    }

    /// The values of a fan-out of values.
    pub(super) fn port(&self) -> Port {
        match &self.of {
            Handle::Value(_, port) => *port,
            Handle::Fan(_) => unreachable!("a fan-out of fan-outs has no values itself"),
        }
    }

    /// The innermost values as one fan-out.
    pub(super) fn flat(&self) -> Self {
        match &self.of {
            Handle::Value(..) => self.clone(),
            Handle::Fan(inner) => Self { view: self.view, ..inner.flat() },
        }
    }

    /// How many `map`s it takes to get to a value.
    pub(super) fn nesting(&self) -> usize {
        match &self.of {
            Handle::Value(..) => 1,
            Handle::Fan(inner) => 1 + inner.nesting(),
        }
    }

    /// The type of the values, if they are not fan-outs themselves.
    pub(super) fn values(&self) -> Option<Type> {
        match self.of {
            Handle::Value(ty, _) => Some(ty),
            Handle::Fan(_) => None,
        }
    }

    /// The type of the innermost values.
    pub(super) fn innermost(&self) -> Type {
        match &self.of {
            Handle::Value(ty, _) => *ty,
            Handle::Fan(inner) => inner.innermost(),
        }
    }
}
