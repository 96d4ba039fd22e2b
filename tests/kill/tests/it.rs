//! Few rounds of few keys: CONTRIBUTING.md has the commands for many.

use std::process::Command;

/// Says what the program found, if that is wrong.
fn proves(arguments: &str) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dynagraph-kill"));
    let output = command.args(arguments.split(' ')).output().expect("the program runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_run_that_is_killed_until_it_is_done_gives_what_an_unbroken_one_does() {
    proves("--rounds 10 --keys 1000");
}

#[test]
fn a_run_that_is_canceled_until_it_is_done_loses_nothing() {
    proves("--rounds 3 --keys 1000 --signal int");
}

#[test]
fn a_run_with_steps_that_fail_goes_on_when_they_no_longer_do() {
    proves("--rounds 3 --keys 1000 --failing");
}

#[test]
fn a_run_without_room_on_its_disk_goes_on_when_there_is_some() {
    proves("--rounds 3 --keys 1000 --disk");
}

#[test]
fn a_run_of_a_damaged_store_ends_right_or_is_refused() {
    proves("damage --cases 30 --keys 300");
}
