//! What was measured, as tables for people.

use std::time::Duration;

use crate::Samples;
use crate::alone::Alone;
use crate::clock::median;
use crate::large::Large;
use crate::whole::Whole;

const NAMES: [&str; 2] = ["full", "normal"];

/// All of it as Markdown.
pub(crate) fn render(samples: &Samples, machine: &str, rounds: usize) -> String {
    let mut lines = vec![
        "# What storing a run costs".to_owned(),
        String::new(),
        format!("{machine}, the median of {rounds} rounds."),
        "A run is one map whose steps give 100 bytes each. What a step adds is the difference to the same run without a store, in the same round; going on with a finished run begins with opening its store. Wall times are worth little while others keep the processor or the disk busy."
            .to_owned(),
        String::new(),
        "| 100,000 steps                | durability | CPU µs a step added |   steps/s | bytes a step | resumed in s | CPU s |".to_owned(),
        "|------------------------------|------------|--------------------:|----------:|-------------:|-------------:|------:|".to_owned(),
        "| asked                        |            |               ≤ 6.0 | ≥ 100,000 |        < 300 |        < 1.0 |       |".to_owned(),
    ];
    for (title, all) in
        [("the key has a number", &samples.whole), ("the key has 100 bytes, too", &samples.keyed)]
    {
        lines.extend(NAMES.iter().zip(all).map(|(name, all)| whole(title, name, all)));
    }
    lines.extend([
        String::new(),
        "| the store alone, 100,000 steps | writer CPU µs | caller CPU µs | steps/s | read in s |"
            .to_owned(),
        "|--------------------------------|--------------:|--------------:|--------:|----------:|"
            .to_owned(),
    ]);
    lines.extend(NAMES.iter().zip(&samples.alone).map(|(name, all)| alone(name, all)));
    lines.extend([
        String::new(),
        "| 1,000 values of 1 MB | s | CPU s | speed of plain files, each with an fsync |"
            .to_owned(),
        "|----------------------|--:|------:|-----------------------------------------:|"
            .to_owned(),
        "| asked                |   |       |                                   ≥ 80 % |"
            .to_owned(),
        large(&samples.large),
        String::new(),
    ]);
    lines.join("\n")
}

fn whole(title: &str, durability: &str, all: &[Whole]) -> String {
    let of = |field: fn(&Whole) -> f64| median(all.iter().map(field));
    let (added, rate) = (of(|it| it.added), of(|it| it.rate));
    // The same in every round, more or less.
    let bytes = all.last().map_or(0, |it| it.bytes);
    let resumed = of(|it| it.resumed.as_secs_f64());
    let cpu = of(|it| it.resumed_cpu.as_secs_f64());
    format!(
        "| {title:<28} | {durability:<10} | {added:>19.1} | {rate:>9.0} | {bytes:>12} | {resumed:>12.2} | {cpu:>5.2} |"
    )
}

fn alone(durability: &str, all: &[Alone]) -> String {
    let of = |field: fn(&Alone) -> f64| median(all.iter().map(field));
    let (writer, caller, rate) = (of(|it| it.writer), of(|it| it.caller), of(|it| it.rate));
    let read = of(|it| it.read.as_secs_f64());
    format!("| {durability:<30} | {writer:>13.1} | {caller:>13.1} | {rate:>7.0} | {read:>9.2} |")
}

fn large(all: &[Large]) -> String {
    let seconds = |time: Duration| time.as_secs_f64();
    let wall = median(all.iter().map(|it| seconds(it.stored.wall)));
    let cpu = median(all.iter().map(|it| seconds(it.stored.all)));
    let share = |it: &Large| 100.0 * seconds(it.plain.wall) / seconds(it.stored.wall);
    let share = median(all.iter().map(share));
    format!("| stored               | {wall:.1} | {cpu:>5.1} | {share:>38.0} % |")
}
