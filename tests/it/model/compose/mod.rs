//! Composes a [`Shape`] with the handles that users have.

mod handle;
mod invoke;

use dynagraph::{DynamicHandle, Input, IntoInput, Mapped, OutputHandle, Tolerance, Value};

use handle::{FanOut, Item, Kind, int, ints, limited, list, nested};
use invoke::{compute, digest, produce};

use super::op::Outcome;
use super::shape::{
    Arg, Batch, By, Calc, Filter, Fold, Gather, Handle, Map, Produce as ProduceStmt, Shape, Stmt,
    Tolerated, Type, Var, Zip,
};
use super::trying::Policy;
use super::work::Work;

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
        let out = match (self.get(gather.of), gather.by) {
            (Live::Ints(fan), By::Place) => {
                let list = fan.collect();
                if let Some(var) = gather.list {
                    self.bind(var, Live::List(list));
                }
                digest(work, list)
            }
            (Live::Ints(fan), By::Key) => digest(work, fan.collect_keyed()),
            (Live::Ints(fan), By::Partial(keys)) => {
                digest(work, fan.collect_partial(tolerance(keys)))
            }
            (Live::Lists(fan), By::Place) => digest(work, fan.collect()),
            (Live::Lists(fan), By::Key) => digest(work, fan.collect_keyed()),
            (Live::Lists(fan), By::Partial(keys)) => {
                digest(work, fan.collect_partial(tolerance(keys)))
            }
            (Live::Pairs(fan), By::Place) => digest(work, fan.collect()),
            (Live::Pairs(fan), By::Key) => digest(work, fan.collect_keyed()),
            (Live::Pairs(fan), By::Partial(keys)) => {
                digest(work, fan.collect_partial(tolerance(keys)))
            }
            (Live::Nested(fan), By::Place) => digest(work, fan.collect()),
            (Live::Nested(fan), By::Key) => digest(work, fan.collect_keyed()),
            (Live::Nested(fan), By::Partial(keys)) => {
                digest(work, fan.collect_partial(tolerance(keys)))
            }
            (Live::Deep(fan), By::Place) => digest(work, fan.collect()),
            (Live::Deep(fan), By::Key) => digest(work, fan.collect_keyed()),
            (Live::Deep(fan), By::Partial(keys)) => {
                digest(work, fan.collect_partial(tolerance(keys)))
            }
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

fn tolerance(tolerated: Tolerated) -> Tolerance {
    match tolerated {
        Tolerated::Nothing => Tolerance::none(),
        Tolerated::Count(keys) => Tolerance::count(keys),
        Tolerated::Quarters(quarters) => Tolerance::ratio(f64::from(quarters) / 4.0),
        Tolerated::All => Tolerance::all(),
    }
}
