//! Prints a [`Shape`] as the job function that it stands for.

use std::fmt::{self, Display, Formatter};

use super::producer::Producer;
use super::shape::{Arg, By, Calc, Entry, Produce, Shape, Stmt, Tolerated, Var};
use super::trying::Policy;
use super::work::{Fault, Work};

impl Display for Shape {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        block(f, &self.body, 1)?;
        match self.output {
            Some(output) => writeln!(f, "    v{output}"),
            None => Ok(()),
        }
    }
}

fn block(f: &mut Formatter<'_>, stmts: &[Stmt], depth: usize) -> fmt::Result {
    stmts.iter().try_for_each(|stmt| {
        write!(f, "{:1$}", "", depth * 4)?;
        write_stmt(f, stmt, depth)
    })
}

fn write_stmt(f: &mut Formatter<'_>, stmt: &Stmt, depth: usize) -> fmt::Result {
    let end = format!("{:1$}}}", "", depth * 4);
    match stmt {
        Stmt::Calc(calc) => writeln!(f, "let v{} = {calc};", calc.out),
        Stmt::Produce(produce) => {
            let outs: Vec<_> = produce.plain.iter().chain(&produce.fans).copied().collect();
            writeln!(f, "let {} = {produce};", vars(&outs))
        }
        Stmt::Gather(gather) => {
            let collect = match gather.by {
                By::Place => "collect()".to_owned(),
                By::Key => "collect_keyed()".to_owned(),
                By::Partial(tolerated) => format!("collect_partial({tolerated})"),
            };
            let list = gather.list.map_or_else(String::new, |list| format!("let v{list} = "));
            let (of, work, out) = (gather.of, &gather.digest, gather.out);
            writeln!(f, "{list}v{of}.{collect}; let v{out} = {work}(_){};", traits(work))
        }
        Stmt::Map(map) => {
            let outs: Vec<_> = map.returns.iter().map(|returned| returned.out).collect();
            let returned: Vec<_> = map.returns.iter().map(|returned| returned.of).collect();
            let method = if map.flat { "flat_map" } else { "map" };
            let (entry, params) = (&map.entry, vars(&map.entry.params));
            writeln!(f, "let {} = {entry}.{method}(|{params}| {{", vars(&outs))?;
            block(f, &map.body, depth + 1)?;
            writeln!(f, "{:1$}{2}", "", depth * 4 + 4, vars(&returned))?;
            writeln!(f, "{end});")
        }
        Stmt::Filter(filter) => {
            let (entry, keep, params) = (&filter.entry, &filter.keep, vars(&filter.entry.params));
            writeln!(f, "let v{} = {entry}.filter(|{params}| {keep} % 3 != 0);", filter.out)
        }
        Stmt::Fold(fold) => {
            let (out, over, init, acc) = (fold.out, fold.over, fold.init, fold.accumulator);
            let params = vars(&fold.params);
            writeln!(f, "let v{out} = v{over}.fold({init}, |v{acc}, {params}| {{")?;
            block(f, &fold.body, depth + 1)?;
            writeln!(f, "{:1$}v{2}", "", depth * 4 + 4, fold.result)?;
            writeln!(f, "{end});")
        }
        Stmt::Batch(batch) => {
            writeln!(f, "let v{} = v{}.batch({});", batch.out, batch.of, batch.size)
        }
        Stmt::Zip(zip) => writeln!(f, "let v{} = v{}.zip(v{});", zip.out, zip.left, zip.right),
        Stmt::Flatten { of, out } => writeln!(f, "let v{out} = v{of}.flatten();"),
    }
}

fn vars(vars: &[Var]) -> String {
    let names: Vec<_> = vars.iter().map(|var| format!("v{var}")).collect();
    match names.as_slice() {
        [name] => name.clone(),
        names => format!("({})", names.join(", ")),
    }
}

/// What is not to be seen in the code: how an op works, and when it fails.
fn traits(work: &Work) -> String {
    let fault = work
        .fault
        .map_or_else(String::new, |Fault { what, every }| format!(", {what:?} every {every}"));
    let limit = work.max_concurrent.map_or_else(String::new, |limit| format!(", at most {limit}"));
    let trouble = work.trouble.map_or_else(String::new, |trouble| format!(", {trouble:?}"));
    let policy = policy(work.policy);
    format!(" /* {:?}{fault}{trouble}{policy}{limit} */", work.style)
}

fn policy(policy: Option<Policy>) -> String {
    policy.map_or_else(String::new, |policy| format!(", {policy:?}"))
}

fn after(after: Option<Var>) -> String {
    after.map_or_else(String::new, |after| format!(".after(v{after})"))
}

impl Display for Arg {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Const(value) => write!(f, "{value}"),
            Self::Var(var) => write!(f, "v{var}"),
        }
    }
}

impl Display for Tolerated {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => write!(f, "none()"),
            Self::Count(keys) => write!(f, "count({keys})"),
            Self::Quarters(quarters) => write!(f, "ratio({quarters} / 4)"),
            Self::All => write!(f, "all()"),
        }
    }
}

impl Display for Calc {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let args: Vec<_> = self.args.iter().map(Arg::to_string).collect();
        let (work, after) = (&self.work, after(self.after));
        write!(f, "{work}({}){after}{}", args.join(", "), traits(work))
    }
}

impl Display for Produce {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Producer { form, pace, outputs, keys, varies, naming, fault, .. } = &self.producer;
        let (producer, arg, after) = (&self.producer, self.arg, after(self.after));
        let at_most = if *varies { "up to " } else { "" };
        write!(
            f,
            "{producer}({arg}){after} /* {form:?} {pace:?} {outputs:?}, {at_most}{keys} keys, {naming:?}"
        )?;
        if let Some(fault) = fault {
            write!(f, ", {:?} after {} every {}", fault.what, fault.after, fault.every)?;
            fault.attempts.map_or(Ok(()), |attempts| write!(f, " in {attempts} attempts"))?;
        }
        write!(f, "{} */", policy(producer.policy))
    }
}

impl Display for Entry {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.over)?;
        if let Some(window) = self.window {
            write!(f, ".window({window})")?;
        }
        if let Some(limit) = self.max_concurrent {
            write!(f, ".max_concurrent({limit})")?;
        }
        Ok(())
    }
}
