//! The report, as people read it.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::counts::Counts;

/// How many crates are named.
const NAMED: usize = 20;

/// One crate.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) counts: Counts,
}

/// All crates: the largest by name, and the sum of all.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Table {
    crates: usize,
    largest: Vec<Row>,
    total: Counts,
    unread: Vec<(PathBuf, String)>,
}

impl Table {
    /// This table with one more crate. It never holds more rows than it shows.
    pub(crate) fn with(mut self, mut row: Row) -> Self {
        self.unread.append(&mut row.counts.unread);
        self.unread.sort();
        self.crates += 1;
        self.total = [self.total, row.counts.clone()].into_iter().sum();
        self.largest.push(row);
        self.largest
            .sort_by(|a, b| b.counts.lines.cmp(&a.counts.lines).then_with(|| a.name.cmp(&b.name)));
        self.largest.truncate(NAMED);
        self
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = ["files", "lines", "code", "comments", "unsafe", "functions"];
        write!(f, "{:<32}", "crate")?;
        heads.iter().try_for_each(|head| write!(f, "{head:>10}"))?;
        for Row { name, counts } in &self.largest {
            line(f, name, counts)?;
        }
        if self.crates > self.largest.len() {
            write!(f, "\n… and {} more", self.crates - self.largest.len())?;
        }
        line(f, &format!("total of {}", self.crates), &self.total)?;
        write!(f, "\n{} not read", self.unread.len())?;
        self.unread.iter().try_for_each(|(path, why)| write!(f, "\n  {}: {why}", path.display()))
    }
}

fn line(f: &mut fmt::Formatter<'_>, name: &str, counts: &Counts) -> fmt::Result {
    let Counts { files, lines, code, comments, unsafes, functions, .. } = counts;
    write!(f, "\n{name:<32}")?;
    [files, lines, code, comments, unsafes, functions].iter().try_for_each(|n| write!(f, "{n:>10}"))
}
