//! Composes a [`Shape`] with the handles that users have.

use dynagraph::{Composed, DynamicHandle, Input, IntoInput, Mapped, OutputHandle, Value, invoke};

use super::op::{Compute, Operands, Outcome, Produce, Produced};
use super::shape::{
    Arg, Batch, Calc, Entry, Filter, Fold, Gather, Handle, Map, Produce as ProduceStmt, Shape,
    Stmt, Type, Var, Zip,
};
use super::trying::{Policy, TIMEOUT};
use super::work::{Operand, Outputs, Producer, Style, Work};

/// A handle of any type.
#[derive(Clone, Copy)]
pub(super) enum Live {
    Int(OutputHandle<i64>),
    List(OutputHandle<Vec<i64>>),
    Ints(DynamicHandle<i64>),
    Lists(DynamicHandle<Vec<i64>>),
    Pairs(DynamicHandle<(i64, i64)>),
    Nested(Mapped<DynamicHandle<i64>>),
    Deep(Mapped<Mapped<DynamicHandle<i64>>>),
}

/// Composes a job's body, and gives the handle that it returns.
pub(super) fn compose(shape: &Shape) -> Option<Live> {
    let mut composing = Composing { shape, live: vec![None; shape.vars.len()] };
    composing.block(&shape.body);
    shape.output.map(|output| composing.get(output))
}

struct Composing<'a> {
    shape: &'a Shape,
    live: Vec<Option<Live>>,
}

impl Composing<'_> {
    fn block(&mut self, block: &[Stmt]) {
        for stmt in block {
            match stmt {
                Stmt::Calc(calc) => {
                    let out = self.calc(calc);
                    self.bind(calc.out, Live::Int(out));
                }
                Stmt::Produce(produce) => self.produce(produce),
                Stmt::Gather(gather) => self.gather(gather),
                Stmt::Map(map) => self.map(map),
                Stmt::Filter(filter) => self.filter(filter),
                Stmt::Fold(fold) => self.fold(fold),
                Stmt::Batch(Batch { of, size, out }) => {
                    let batches = self.ints(*of).batch(*size);
                    self.bind(*out, Live::Lists(batches));
                }
                Stmt::Zip(Zip { left, right, out, .. }) => {
                    let pairs = self.ints(*left).zip(self.ints(*right));
                    self.bind(*out, Live::Pairs(pairs));
                }
                Stmt::Flatten { of, out } => {
                    let flat = match self.get(*of) {
                        Live::Nested(nested) => Live::Ints(nested.flatten()),
                        Live::Deep(deep) => Live::Nested(deep.flatten()),
                        _ => unreachable!("v{of} is not nested"),
                    };
                    self.bind(*out, flat);
                }
            }
        }
    }

    fn bind(&mut self, var: Var, live: Live) {
        self.live[var] = Some(live);
    }

    fn get(&self, var: Var) -> Live {
        match self.live[var] {
            Some(live) => live,
            None => unreachable!("v{var} is used before it is bound"),
        }
    }

    fn int(&self, var: Var) -> OutputHandle<i64> {
        match self.get(var) {
            Live::Int(int) => int,
            _ => unreachable!("v{var} is no int"),
        }
    }

    fn list(&self, var: Var) -> OutputHandle<Vec<i64>> {
        match self.get(var) {
            Live::List(list) => list,
            _ => unreachable!("v{var} is no list"),
        }
    }

    fn ints(&self, var: Var) -> DynamicHandle<i64> {
        match self.get(var) {
            Live::Ints(ints) => ints,
            _ => unreachable!("v{var} is no fan-out of ints"),
        }
    }

    fn arg(&self, arg: Arg) -> Input<i64> {
        match arg {
            Arg::Const(value) => value.into_input(),
            Arg::Var(var) => self.int(var).into_input(),
        }
    }

    fn is_list(&self, arg: Arg) -> Option<Var> {
        match arg {
            Arg::Var(var) if matches!(self.shape.vars[var], Handle::Value(Type::List, _)) => {
                Some(var)
            }
            _ => None,
        }
    }

    fn calc<R: Outcome>(&self, calc: &Calc) -> OutputHandle<R> {
        let work = calc.work.into_input();
        let out = match *calc.args.as_slice() {
            [a] => match self.is_list(a) {
                Some(list) => {
                    compute::<(Work, Vec<i64>), R>(&calc.work, (work, self.list(list).into_input()))
                }
                None => compute::<(Work, i64), R>(&calc.work, (work, self.arg(a))),
            },
            [a, b] => compute::<(Work, i64, i64), R>(&calc.work, (work, self.arg(a), self.arg(b))),
            [a, b, c] => {
                let given = (work, self.arg(a), self.arg(b), self.arg(c));
                compute::<(Work, i64, i64, i64), R>(&calc.work, given)
            }
            _ => unreachable!("one to three arguments"),
        };
        match calc.after.map(|after| self.get(after)) {
            None => out,
            Some(Live::Int(after)) => out.after(after),
            Some(Live::List(after)) => out.after(after),
            Some(_) => unreachable!("`after` takes a value"),
        }
    }

    fn produce(&mut self, stmt: &ProduceStmt) {
        let producer = &stmt.producer;
        let handles = match self.is_list(stmt.arg) {
            Some(list) => produce::<Vec<i64>>(producer, self.list(list).into_input()),
            None => produce::<i64>(producer, self.arg(stmt.arg)),
        };
        let name = producer.to_string();
        // Any handle of the op names it.
        let plain = handles.plain.map(|plain| plain.alias(name.clone()));
        let mut fans = handles.fans;
        if plain.is_none() {
            fans[0] = fans[0].alias(name);
        }
        let policy = producer.policy.map(Policy::to_retry_policy);
        fans[0] = policy.into_iter().fold(fans[0], DynamicHandle::retry);
        match stmt.after.map(|after| self.get(after)) {
            None => {}
            Some(Live::Int(after)) => fans[0] = fans[0].after(after),
            Some(Live::List(after)) => fans[0] = fans[0].after(after),
            Some(_) => unreachable!("`after` takes a value"),
        }
        if let (Some(var), Some(plain)) = (stmt.plain, plain) {
            self.bind(var, Live::Int(plain));
        }
        for (var, fan) in stmt.fans.iter().zip(fans) {
            self.bind(*var, Live::Ints(fan));
        }
    }

    fn gather(&mut self, gather: &Gather) {
        let work = &gather.digest;
        let out = match (self.get(gather.of), gather.keyed) {
            (Live::Ints(fan), false) => {
                let list = fan.collect();
                if let Some(var) = gather.list {
                    self.bind(var, Live::List(list));
                }
                digest(work, list)
            }
            (Live::Ints(fan), true) => digest(work, fan.collect_keyed()),
            (Live::Lists(fan), false) => digest(work, fan.collect()),
            (Live::Lists(fan), true) => digest(work, fan.collect_keyed()),
            (Live::Pairs(fan), false) => digest(work, fan.collect()),
            (Live::Pairs(fan), true) => digest(work, fan.collect_keyed()),
            (Live::Nested(fan), false) => digest(work, fan.collect()),
            (Live::Nested(fan), true) => digest(work, fan.collect_keyed()),
            (Live::Deep(fan), false) => digest(work, fan.collect()),
            (Live::Deep(fan), true) => digest(work, fan.collect_keyed()),
            (Live::Int(_) | Live::List(_), _) => unreachable!("a value is not gathered"),
        };
        self.bind(gather.out, Live::Int(out));
    }

    fn map(&mut self, map: &Map) {
        match self.get(map.entry.over) {
            Live::Ints(fan) => self.map_over(fan, map),
            Live::Lists(fan) => self.map_over(fan, map),
            Live::Pairs(fan) => self.map_over(fan, map),
            Live::Nested(fan) => self.map_over(fan, map),
            Live::Deep(fan) => self.map_over(fan, map),
            Live::Int(_) | Live::List(_) => unreachable!("a value is not mapped"),
        }
    }

    /// Maps; what the closure returns decides which handles come out.
    fn map_over<F: FanOut>(&mut self, fan: F, map: &Map) {
        let fan = limited(fan, &map.entry);
        let returned: Vec<_> = map.returns.iter().map(|returned| returned.of).collect();
        let outs: Vec<_> = map.returns.iter().map(|returned| returned.out).collect();
        let body = |this: &mut Self, item: F::Item| {
            item.bind(this, &map.entry.params);
            this.block(&map.body);
            returned.iter().map(|var| this.get(*var)).collect::<Vec<_>>()
        };
        // The closure has to know its type before the body is composed.
        let kinds: Vec<_> = returned.iter().map(|var| Kind::of(&self.shape.vars[*var])).collect();
        let lives: Vec<Live> = match *kinds.as_slice() {
            [] => {
                fan.fan_out(|item| drop(body(self, item)));
                vec![]
            }
            [Kind::Int] => vec![Live::Ints(fan.fan_out(|item| int(&body(self, item), 0)))],
            [Kind::List] => vec![Live::Lists(fan.fan_out(|item| list(&body(self, item), 0)))],
            [Kind::Ints] if map.flat => {
                vec![Live::Ints(fan.flat(|item| ints(&body(self, item), 0)))]
            }
            [Kind::Ints] => vec![Live::Nested(fan.fan_out(|item| ints(&body(self, item), 0)))],
            [Kind::Nested] => vec![Live::Deep(fan.fan_out(|item| nested(&body(self, item), 0)))],
            [Kind::Int, Kind::Int] => {
                let (one, two) = fan.fan_out(|item| {
                    let live = body(self, item);
                    (int(&live, 0), int(&live, 1))
                });
                vec![Live::Ints(one), Live::Ints(two)]
            }
            [Kind::Int, Kind::Ints] => {
                let (one, two) = fan.fan_out(|item| {
                    let live = body(self, item);
                    (int(&live, 0), ints(&live, 1))
                });
                vec![Live::Ints(one), Live::Nested(two)]
            }
            _ => unreachable!("no closure returns this"),
        };
        for (out, live) in outs.into_iter().zip(lives) {
            self.bind(out, live);
        }
    }

    fn filter(&mut self, filter: &Filter) {
        let fan = limited(self.ints(filter.entry.over), &filter.entry);
        let kept = fan.filter(|item| {
            item.bind(self, &filter.entry.params);
            self.calc::<bool>(&filter.keep)
        });
        self.bind(filter.out, Live::Ints(kept));
    }

    fn fold(&mut self, fold: &Fold) {
        let out = match self.get(fold.over) {
            Live::Ints(fan) => self.fold_over(fan, fold),
            Live::Lists(fan) => self.fold_over(fan, fold),
            Live::Pairs(fan) => self.fold_over(fan, fold),
            _ => unreachable!("v{} is no fan-out of values", fold.over),
        };
        self.bind(fold.out, Live::Int(out));
    }

    fn fold_over<T: Value>(&mut self, fan: DynamicHandle<T>, fold: &Fold) -> OutputHandle<i64>
    where
        OutputHandle<T>: Item,
    {
        let step = |this: &mut Self, accumulator, item: OutputHandle<T>| {
            item.bind(this, &fold.params);
            this.bind(fold.accumulator, Live::Int(accumulator));
            this.block(&fold.body);
            this.int(fold.result)
        };
        match fold.init {
            Arg::Const(init) => fan.fold(init, |accumulator, item| step(self, accumulator, item)),
            Arg::Var(init) => {
                fan.fold(self.int(init), |accumulator, item| step(self, accumulator, item))
            }
        }
    }
}

/// What type of handle a closure returns.
#[derive(Clone, Copy)]
enum Kind {
    Int,
    List,
    Ints,
    Nested,
}

impl Kind {
    fn of(handle: &Handle) -> Self {
        match handle {
            Handle::Value(Type::Int, _) => Self::Int,
            Handle::Value(Type::List, _) => Self::List,
            Handle::Fan(fan) if fan.values() == Some(Type::Int) => Self::Ints,
            Handle::Fan(fan) if fan.nesting() == 2 => Self::Nested,
            _ => unreachable!("no closure returns this"),
        }
    }
}

fn int(live: &[Live], place: usize) -> OutputHandle<i64> {
    match live[place] {
        Live::Int(int) => int,
        _ => unreachable!("a closure returns an int"),
    }
}

fn list(live: &[Live], place: usize) -> OutputHandle<Vec<i64>> {
    match live[place] {
        Live::List(list) => list,
        _ => unreachable!("a closure returns a list"),
    }
}

fn ints(live: &[Live], place: usize) -> DynamicHandle<i64> {
    match live[place] {
        Live::Ints(ints) => ints,
        _ => unreachable!("a closure returns a fan-out"),
    }
}

fn nested(live: &[Live], place: usize) -> Mapped<DynamicHandle<i64>> {
    match live[place] {
        Live::Nested(nested) => nested,
        _ => unreachable!("a closure returns a fan-out of fan-outs"),
    }
}

/// What a closure of a `map` is given.
trait Item {
    fn bind(self, composing: &mut Composing<'_>, params: &[Var]);
}

impl Item for OutputHandle<i64> {
    fn bind(self, composing: &mut Composing<'_>, params: &[Var]) {
        composing.bind(params[0], Live::Int(self));
    }
}

impl Item for OutputHandle<Vec<i64>> {
    fn bind(self, composing: &mut Composing<'_>, params: &[Var]) {
        composing.bind(params[0], Live::List(self));
    }
}

impl Item for OutputHandle<(i64, i64)> {
    fn bind(self, composing: &mut Composing<'_>, params: &[Var]) {
        let (one, two) = self.unzip();
        composing.bind(params[0], Live::Int(one));
        composing.bind(params[1], Live::Int(two));
    }
}

impl Item for DynamicHandle<i64> {
    fn bind(self, composing: &mut Composing<'_>, params: &[Var]) {
        composing.bind(params[0], Live::Ints(self));
    }
}

impl Item for Mapped<DynamicHandle<i64>> {
    fn bind(self, composing: &mut Composing<'_>, params: &[Var]) {
        composing.bind(params[0], Live::Nested(self));
    }
}

/// What `DynamicHandle` and `Mapped` have in common.
trait FanOut: Sized {
    type Item: Item;

    fn fan_out<R: Composed>(self, copy: impl FnOnce(Self::Item) -> R) -> R::Mapped;
    fn flat(self, copy: impl FnOnce(Self::Item) -> DynamicHandle<i64>) -> DynamicHandle<i64>;
    fn window(self, keys: usize) -> Self;
    fn max_concurrent(self, keys: usize) -> Self;
}

impl<T: Value> FanOut for DynamicHandle<T>
where
    OutputHandle<T>: Item,
{
    type Item = OutputHandle<T>;

    fn fan_out<R: Composed>(self, copy: impl FnOnce(Self::Item) -> R) -> R::Mapped {
        self.map(copy)
    }

    fn flat(self, copy: impl FnOnce(Self::Item) -> DynamicHandle<i64>) -> DynamicHandle<i64> {
        self.flat_map(copy)
    }

    fn window(self, keys: usize) -> Self {
        self.window(keys)
    }

    fn max_concurrent(self, keys: usize) -> Self {
        self.max_concurrent(keys)
    }
}

impl<H: dynagraph::Fanned + Item> FanOut for Mapped<H> {
    type Item = H;

    fn fan_out<R: Composed>(self, copy: impl FnOnce(H) -> R) -> R::Mapped {
        self.map(copy)
    }

    fn flat(self, copy: impl FnOnce(H) -> DynamicHandle<i64>) -> DynamicHandle<i64> {
        self.map(copy).flatten()
    }

    fn window(self, keys: usize) -> Self {
        self.window(keys)
    }

    fn max_concurrent(self, keys: usize) -> Self {
        self.max_concurrent(keys)
    }
}

fn limited<F: FanOut>(fan: F, entry: &Entry) -> F {
    let fan = match entry.window {
        Some(keys) => fan.window(keys),
        None => fan,
    };
    match entry.max_concurrent {
        Some(keys) => fan.max_concurrent(keys),
        None => fan,
    }
}

/// Invokes the op that does this work.
fn compute<I: Operands, R: Outcome>(work: &Work, given: I::Given) -> OutputHandle<R> {
    let handle = match (work.style == Style::Blocking, work.is_optional()) {
        (false, false) => invoke::<Compute<I, R, false, false>>(given),
        (false, true) => invoke::<Compute<I, R, false, true>>(given),
        (true, false) => invoke::<Compute<I, R, true, false>>(given),
        (true, true) => invoke::<Compute<I, R, true, true>>(given),
    };
    let handle = handle.alias(work.to_string());
    let policy = work.policy.map(Policy::to_retry_policy);
    let handle = policy.into_iter().fold(handle, OutputHandle::retry);
    let handle = match work.timeout() {
        Some(true) => handle.idle_timeout(TIMEOUT),
        Some(false) => handle.timeout(TIMEOUT),
        None => handle,
    };
    match work.max_concurrent {
        Some(limit) => handle.max_concurrent(limit),
        None => handle,
    }
}

fn digest<T: Operand>(work: &Work, gathered: OutputHandle<T>) -> OutputHandle<i64> {
    compute::<(Work, T), i64>(work, ((*work).into_input(), gathered.into_input()))
}

/// A producer's handles, whatever its outputs are.
struct Handles {
    plain: Option<OutputHandle<i64>>,
    fans: Vec<DynamicHandle<i64>>,
}

/// Invokes the op with these outputs.
fn produce<I: Operand>(producer: &Producer, input: Input<I>) -> Handles {
    let given = (producer.clone().into_input(), input);
    let blocking = producer.pace == Style::Blocking;
    match (blocking, producer.outputs) {
        (false, Outputs::One) => handles(invoke::<Produce<I, false, false, 1>>(given)),
        (true, Outputs::One) => handles(invoke::<Produce<I, true, false, 1>>(given)),
        (false, Outputs::PlainAndOne) => handles(invoke::<Produce<I, false, true, 1>>(given)),
        (true, Outputs::PlainAndOne) => handles(invoke::<Produce<I, true, true, 1>>(given)),
        (false, _) => handles(invoke::<Produce<I, false, false, 2>>(given)),
        (true, _) => handles(invoke::<Produce<I, true, false, 2>>(given)),
    }
}

fn handles<const PLAIN: bool, const FANS: usize>(produced: Produced<PLAIN, FANS>) -> Handles {
    Handles { plain: produced.plain, fans: produced.fans.to_vec() }
}
