//! The numbers, and their sum.

use std::iter::Sum;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What some sources are made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) files: usize,
    pub(crate) lines: usize,
    /// Lines with code.
    pub(crate) code: usize,
    /// Lines with a comment and no code.
    pub(crate) comments: usize,
    /// Times the word `unsafe` is in code.
    pub(crate) unsafes: usize,
    /// Times a function with a name begins.
    pub(crate) functions: usize,
    /// What could not be read, and why.
    pub(crate) unread: Vec<(PathBuf, String)>,
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |mut sum, one| {
            sum.files += one.files;
            sum.lines += one.lines;
            sum.code += one.code;
            sum.comments += one.comments;
            sum.unsafes += one.unsafes;
            sum.functions += one.functions;
            sum.unread.extend(one.unread);
            sum
        })
    }
}
