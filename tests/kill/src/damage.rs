//! Damaged files.

use anyhow::Result;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Damage {}

impl Damage {
    pub(crate) fn run(&self) -> Result<()> {
        Ok(())
    }
}
