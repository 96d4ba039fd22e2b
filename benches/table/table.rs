//! Tables in Markdown that can be read as they are.

use std::fmt::Write as _;

/// Rows of cells under a head.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// With this head.
    pub(crate) fn new(head: &[&str]) -> Self {
        Self { rows: vec![head.iter().map(|&cell| cell.to_owned()).collect()] }
    }

    /// One more row.
    pub(crate) fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// Whether there is a head only.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.len() < 2
    }

    /// As text; so many columns are aligned to the left, the others to the right.
    pub(crate) fn render(&self, left: usize) -> String {
        let columns = self.rows.first().map_or(0, Vec::len);
        let cells = |column: usize| self.rows.iter().filter_map(move |row| row.get(column));
        let widths: Vec<usize> = (0..columns)
            .map(|column| cells(column).map(|cell| cell.chars().count()).max().unwrap_or(0))
            .collect();
        let mut text = String::new();
        for (index, row) in self.rows.iter().enumerate() {
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let padding = " ".repeat(width - cell.chars().count());
                let (before, after) = if column < left { ("", &*padding) } else { (&*padding, "") };
                let _ = write!(text, "| {before}{cell}{after} ");
            }
            text.push_str("|\n");
            if index == 0 {
                for (column, width) in widths.iter().enumerate() {
                    let (dashes, end) = if column < left { (*width, "-") } else { (*width, ":") };
                    let _ = write!(text, "|-{}{end}", "-".repeat(dashes));
                }
                text.push_str("|\n");
            }
        }
        text
    }
}

/// With as many digits as can be told apart.
pub(crate) fn number(value: f64) -> String {
    match value {
        value if value.is_nan() => String::new(),
        value if value < 0.995 => format!("{value:.2}"),
        value if value < 9.95 => format!("{value:.1}"),
        value => thousands(&format!("{value:.0}")),
    }
}

/// A number of keys.
pub(crate) fn keys(n: u64) -> String {
    thousands(&n.to_string())
}

fn thousands(digits: &str) -> String {
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// In millions of bytes.
pub(crate) fn megabytes(bytes: f64) -> String {
    format!("{:.1}", bytes / 1e6)
}
