//! Tests of stores: all of the contract, and what only files can do.

#![expect(clippy::unwrap_used, reason = "what fails here fails a test")]

mod contract;
mod damage;
mod database;
mod fixture;
mod ownership;
mod support;
