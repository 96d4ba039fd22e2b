//! Runs that a store keeps.

#[cfg(unix)]
mod canceling;
mod choosing;
mod cleaning;
mod listing;
mod mistakes;
mod planning;
mod resuming;
mod selecting;
mod showing;
mod spinning;
mod why;

use dynagraph::cli::{Cli, Exit};
use dynagraph::prelude::*;
use expect_test::Expect;
use tempfile::TempDir;

use crate::jobs::Secret;
use crate::support::{Called, call_with};

struct Weather {
    is_dry: bool,
}

#[op]
fn fields(count: u32) -> Vec<DynamicOutput<u32>> {
    (0..count).map(|field| DynamicOutput::new(field, field)).collect()
}

#[op(version = "2", max_retries = 1)]
async fn harvest(
    ctx: OpContext,
    weather: Resource<Weather>,
    bad: Option<u32>,
    field: u32,
) -> Result<f64, OpError> {
    match field {
        0 if ctx.attempt() == 1 => Err("mud".into()),
        field if Some(field) == bad => Err(OpError::permanent("nothing grows here")),
        field if field % 3 == 1 && !weather.is_dry => Err(OpError::permanent("rain")),
        field => Ok(f64::from(field) + 0.5),
    }
}

#[op]
fn barn(sacks: Vec<f64>) -> f64 {
    sacks.iter().sum()
}

/// Brings in what grows.
#[job]
fn farm(count: u32, bad: Option<u32>) -> OutputHandle<f64> {
    barn(fields(count).map(|field| harvest(bad, field)).collect())
}

#[op(out(bytes, odd, secret, maybe: optional))]
fn put() -> (serde_bytes::ByteBuf, f64, Secret, Option<u8>) {
    (serde_bytes::ByteBuf::from(vec![1, 255]), f64::NAN, Secret, None)
}

/// Values of many kinds.
#[job]
fn shelf() {
    put();
}

#[op]
fn read(name: String) -> String {
    name.repeat(10_000)
}

/// A value that has a file of its own.
#[job]
fn book(name: String) {
    read(name);
}

#[op(cache)]
fn cook(fruit: u32) -> u32 {
    fruit * 10
}

#[op]
fn cellar(jars: Vec<u32>) -> u32 {
    jars.iter().sum()
}

/// Every jar is cooked once.
#[job]
fn jam(count: u32) -> OutputHandle<u32> {
    cellar(fields(count).map(cook).collect())
}

/// A store that is gone after the test, and what calls the program with it.
struct Store(TempDir);

impl Store {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn option(&self) -> String {
        format!("--store {}", self.0.path().join("runs.db").display())
    }

    /// Calls the program with this store, on a day without rain.
    async fn call(&self, arguments: &str) -> Called {
        self.call_in(true, arguments).await
    }

    async fn call_in(&self, is_dry: bool, arguments: &str) -> Called {
        let cli = Cli::new().resource(Weather { is_dry });
        let called = call_with(cli, &format!("{arguments} {}", self.option())).await;
        let folder = self.0.path().display().to_string();
        let tidy = |text: &str| {
            tidy(&text.replace(&self.option(), "--store runs.db").replace(&folder, "home"))
        };
        Called { output: tidy(&called.output), messages: tidy(&called.messages), ..called }
    }

    /// The ids of the runs, the latest first.
    async fn ids(&self) -> Vec<String> {
        let called = call_with(Cli::new(), &format!("runs --json {}", self.option())).await;
        let runs: serde_json::Value = serde_json::from_str(&called.output).expect("JSON");
        let runs = runs.as_array().expect("a list").iter();
        runs.map(|run| run["run_id"].as_str().expect("an id").to_owned()).collect()
    }
}

/// What cannot be meant: it is said what to write instead, and no step is run.
fn is_refused(called: &Called, expected: &Expect) {
    assert_eq!((called.exit, &*called.output), (Exit::Usage, ""));
    expected.assert_eq(&called.messages);
}

/// Without what is never the same twice: ids, times, and the widths of columns.
fn tidy(text: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || "-:.µ".contains(c);
    let mut tidied = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let len = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(len.max(c.len_utf8()));
        rest = after;
        match word {
            " " if tidied.ends_with("  ") => {}
            word => {
                let (bare, colon) = word.split_at(word.trim_end_matches(':').len());
                tidied.push_str(name_of(bare).unwrap_or(bare));
                tidied.push_str(colon);
            }
        }
    }
    tidied
}

fn name_of(word: &str) -> Option<&'static str> {
    let is_id = [8, 32].contains(&word.len()) && word.bytes().all(|b| b.is_ascii_hexdigit());
    let is_time = word.len() == 20 && word.ends_with('Z') && word.contains('T');
    let number = word.trim_end_matches(['m', 'µ', 'n', 's']);
    let is_duration = number.len() < word.len() && number.contains('.');
    let is_duration = is_duration && number.parse::<f64>().is_ok();
    match (is_id, is_time, is_duration) {
        (true, ..) => Some("<run>"),
        (_, true, _) => Some("<time>"),
        (.., true) => Some("<took>"),
        _ => None,
    }
}
