//! Random selections of one job that has every form: what is executed is what the steps' own edges say.

use std::collections::{BTreeMap, BTreeSet};
use std::env;

use dynagraph::prelude::*;
use dynagraph::store::MemoryStore;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use tokio::runtime::Builder;

use super::super::support::ignore;
use super::{Calls, session};

/// The regions, and how many offices each has.
const REGIONS: [(&str, u64); 2] = [("us", 2), ("eu", 3)];

#[op]
async fn regions(ctx: OpContext, calls: Resource<Calls>) -> Vec<DynamicOutput<u64>> {
    calls.say(&ctx);
    REGIONS.map(|(region, offices)| DynamicOutput::new(offices, region)).into()
}

#[op]
async fn offices(ctx: OpContext, calls: Resource<Calls>, count: u64) -> Vec<DynamicOutput<u64>> {
    calls.say(&ctx);
    (1..=count).map(|office| DynamicOutput::new(office, office)).collect()
}

#[op]
async fn one(ctx: OpContext, calls: Resource<Calls>, x: u64) -> u64 {
    calls.say(&ctx);
    x
}

#[op]
async fn two(ctx: OpContext, calls: Resource<Calls>, a: u64, b: u64) -> u64 {
    calls.say(&ctx);
    a + b
}

#[op]
async fn many(ctx: OpContext, calls: Resource<Calls>, xs: &[u64]) -> u64 {
    calls.say(&ctx);
    xs.iter().sum()
}

#[op]
async fn even(ctx: OpContext, calls: Resource<Calls>, x: u64) -> bool {
    calls.say(&ctx);
    x.is_multiple_of(2)
}

fn job() -> Job<()> {
    Job::compose("every_form", || {
        let (cleaned, weighed) = regions().map(|region| {
            let cleaned = offices(region).map(|x| one(x).alias("clean"));
            let scored = cleaned.filter(even).map(|x| one(x).alias("score"));
            let added = cleaned.fold(0, |a, b| two(a, b).alias("add"));
            (cleaned, two(many(scored.collect()).alias("total"), added).alias("weigh"))
        });
        let all = many(weighed.collect()).alias("all");
        let shares = weighed.map(|x| two(x, all).alias("share"));
        let marks = regions().map(|region| offices(region).map(|x| one(x).alias("mark")));
        let joined = cleaned.flatten().zip(marks.flatten()).map(|pair| {
            let (a, b) = pair.unzip();
            two(a, b).alias("join")
        });
        ignore(shares.map(|x| joined.map(|y| two(x, y).alias("pair"))));
    })
}

type Step = String;

/// The steps of the job, each with those that it takes from; a fold's, with the one before.
fn steps(regions: [(&str, u64); 2]) -> BTreeMap<Step, BTreeSet<Step>> {
    let mut steps: BTreeMap<Step, BTreeSet<Step>> = BTreeMap::new();
    let mut add = |step: &str, takes: &[&str]| {
        steps.entry(step.to_owned()).or_default().extend(takes.iter().map(ToString::to_string));
    };
    for (r, offices) in regions {
        let of = |node: &str| format!("{node}[{r}]");
        add("regions", &[]);
        add("regions_2", &[]);
        add(&of("offices"), &["regions"]);
        add(&of("offices_2"), &["regions_2"]);
        add(&of("weigh"), &[&of("total")]);
        add("all", &[&of("weigh")]);
        add(&of("share"), &[&of("weigh"), "all"]);
        for o in 1..=offices {
            let at = |node: &str| format!("{node}[{r}/{o}]");
            add(&at("clean"), &[&of("offices")]);
            add(&at("even"), &[&at("clean")]);
            add(&at("score"), &[&at("clean"), &at("even")]);
            add(&of("total"), &[&at("score")]);
            add(&at("add"), &[&at("clean")]);
            if o > 1 {
                add(&at("add"), &[&format!("add[{r}/{}]", o - 1)]);
            }
            add(&of("weigh"), &[&at("add")]);
            add(&at("mark"), &[&of("offices_2")]);
            add(&at("join"), &[&at("clean"), &at("mark")]);
            for (outer, _) in regions {
                let share = format!("share[{outer}]");
                add(&format!("pair[{outer}/{r}/{o}]"), &[&share, &at("join")]);
            }
        }
    }
    steps
}

/// The steps as far as they are known before a run, which has no office `us/3`.
fn possible() -> BTreeMap<Step, BTreeSet<Step>> {
    steps(REGIONS.map(|(region, _)| (region, 3)))
}

/// What the filter does not let pass is not run.
fn is_filtered(step: &str) -> bool {
    step.starts_with("score[") && !step.ends_with("/2]")
}

/// A part of a selection.
#[derive(Debug, Clone)]
struct Part {
    node: &'static str,
    /// Of each key, or of none.
    keys: Option<Vec<&'static str>>,
    above: bool,
    below: bool,
}

impl Part {
    fn text(&self) -> String {
        let keys = self.keys.as_ref().filter(|keys| !keys.is_empty());
        let keys = keys.map(|keys| format!("[{}]", keys.join("/"))).unwrap_or_default();
        let plus = |asked| if asked { "+" } else { "" };
        format!("{}{}{keys}{}", plus(self.above), self.node, plus(self.below))
    }

    fn names(&self, step: &str) -> bool {
        let (node, keys) = step.split_once('[').unwrap_or((step, "]"));
        let keys = keys.trim_end_matches(']').split('/');
        let matches = |(pattern, key): (&&str, &str)| match *pattern {
            "*" => true,
            "u*" => key.starts_with('u'),
            pattern => pattern == key,
        };
        node == self.node
            && self.keys.as_ref().is_none_or(|patterns| patterns.iter().zip(keys).all(matches))
    }

    fn selects(&self, steps: &BTreeMap<Step, BTreeSet<Step>>) -> BTreeSet<Step> {
        let own: BTreeSet<_> = steps.keys().filter(|step| self.names(step)).cloned().collect();
        let mut selected = own.clone();
        if self.above {
            selected.extend(reached(steps, &own, |of, step| steps[of].contains(step)));
        }
        if self.below {
            selected.extend(reached(steps, &own, |of, step| steps[step].contains(of)));
        }
        selected
    }
}

/// All that edges lead to. Which steps of a fold are earlier is not known beforehand: each leads to all.
fn reached(
    steps: &BTreeMap<Step, BTreeSet<Step>>,
    from: &BTreeSet<Step>,
    leads: impl Fn(&str, &str) -> bool,
) -> BTreeSet<Step> {
    let fold = |step: &str| {
        let keys = step.strip_prefix("add[")?;
        keys.split_once('/').map(|(region, _)| region.to_owned())
    };
    let mut reached = BTreeSet::new();
    let mut open: Vec<_> = from.iter().cloned().collect();
    while let Some(of) = open.pop() {
        for step in steps.keys() {
            let beside = fold(&of).is_some() && fold(&of) == fold(step);
            if (leads(&of, step) || beside) && reached.insert(step.clone()) {
                open.push(step.clone());
            }
        }
    }
    reached
}

fn part() -> impl Strategy<Value = Part> {
    let nodes = [
        ("regions", 0),
        ("offices", 1),
        ("clean", 2),
        ("even", 2),
        ("score", 2),
        ("total", 1),
        ("add", 2),
        ("weigh", 1),
        ("all", 0),
        ("share", 1),
        ("regions_2", 0),
        ("offices_2", 1),
        ("mark", 2),
        ("join", 2),
        ("pair", 3),
    ];
    let node = proptest::sample::select(nodes.to_vec());
    let region = || proptest::sample::select(vec!["us", "eu", "*", "u*"]);
    let office = proptest::sample::select(vec!["1", "2", "3", "*"]);
    let keys = (region(), region(), office, any::<bool>());
    (node, keys, any::<bool>(), any::<bool>()).prop_map(|((node, depth), keys, above, below)| {
        let (outer, region, office, named) = keys;
        let keys = match depth {
            0 => vec![],
            1 => vec![region],
            2 => vec![region, office],
            _ => vec![outer, region, office],
        };
        Part { node, keys: named.then_some(keys), above, below }
    })
}

/// The same cases every time, unless somebody asks for others.
fn config() -> ProptestConfig {
    let asked = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    match env::var_os("PROPTEST_CASES") {
        Some(_) => asked,
        None => ProptestConfig { cases: 48, rng_seed: RngSeed::Fixed(7), ..asked },
    }
}

/// What a run of some parts calls, and whether it succeeds.
fn run(parts: &[Part], store: Option<MemoryStore>) -> (BTreeSet<Step>, bool) {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let texts: Vec<_> = parts.iter().map(Part::text).collect();
    let job = job();
    let run = job.run().select(texts.join(", "));
    let run = match store {
        Some(store) => run.store(store).resume_last(),
        None => run,
    };
    let (report, calls) = runtime.block_on(session(run));
    (calls.list().into_iter().collect(), report.status() == RunStatus::Success)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_executed_is_what_is_selected(parts in proptest::collection::vec(part(), 1..4)) {
        let steps = steps(REGIONS);
        let possible = possible();
        let selected = parts.iter().flat_map(|part| part.selects(&possible));
        let selected: BTreeSet<_> = selected.filter(|step| steps.contains_key(step)).collect();
        let all_match = parts.iter().all(|part| {
            part.keys.as_ref().is_none_or(Vec::is_empty)
                || steps.keys().any(|step| part.names(step))
        });

        let store = MemoryStore::new();
        let first = Builder::new_current_thread().enable_all().build().unwrap();
        first.block_on(session(job().run().store(store.clone())));
        let (called, succeeds) = run(&parts, Some(store));
        let expected = selected.iter().filter(|step| !is_filtered(step)).cloned().collect();
        prop_assert_eq!((&called, succeeds), (&expected, all_match));

        // Without a store, what a step needs is selected, or it is not run.
        let mut ran: BTreeSet<Step> = BTreeSet::new();
        loop {
            let may_run = |step: &Step| selected.contains(step) || is_filtered(step);
            let next = steps.iter().find(|(step, takes)| {
                !ran.contains(*step) && may_run(step) && takes.is_subset(&ran)
            });
            let Some((step, _)) = next else { break };
            ran.insert(step.clone());
        }
        let whole = selected.is_subset(&ran);
        ran.retain(|step| !is_filtered(step));
        let (called, succeeds) = run(&parts, None);
        prop_assert_eq!((called, succeeds), (ran, whole && all_match));
    }
}
