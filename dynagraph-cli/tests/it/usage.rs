//! What cannot be meant: each says what there is, and what to write. No step is run, and the status is 2.

use dynagraph::cli::{Cli, Exit};
use expect_test::{Expect, expect};

use crate::jobs::Bucket;
use crate::support::{Called, call, call_with};

fn is_refused(called: &Called, expected: Expect) {
    assert_eq!((called.exit, &*called.output), (Exit::Usage, ""));
    expected.assert_eq(&called.messages);
}

#[tokio::test]
async fn a_command_is_needed() {
    is_refused(
        &call("").await,
        expect![[r#"
            Lists, plans and runs the jobs of this program

            Usage: shop <COMMAND>

            Commands:
              list         Lists the jobs and their parameters
              plan         Shows a job's graph, and what would run if a stored run of it were resumed
              run          Runs a job, from its beginning
              resume       Goes on with a run that a store has
              runs         Lists the runs of a store, the latest first
              show         Shows a run, or one step of it, as its store has it
              why          Says why a step of a stored run was run, or why not
              spin         Executes one step alone, on the inputs that a stored run has for it
              cancel       Asks the process that owns a run to cancel it
              gc           Deletes old runs, with the values that no other run has
              completions  Prints a script that completes what is typed in a shell

            Options:
              -h, --help  Print help"#]],
    );
}

#[tokio::test]
async fn an_unknown_job_is_answered_with_those_that_there_are() {
    is_refused(
        &call("run crawk").await,
        expect![[r#"
            error: invalid value 'crawk' for '<JOB>'
              [possible values: book, crawl, endless, farm, hello, invalid, jam, many, mix, naps, nothing, paint, secret, shapes, shelf, skipped, stored, waiting]

              tip: a similar value exists: 'crawl'

            For more information, try '--help'."#]],
    );
}

#[tokio::test]
async fn a_parameter_that_is_not_given_is_named() {
    is_refused(
        &call("run crawl").await,
        expect![[r#"
        error: nothing is given for `pages_: u32`

        write `shop run crawl --arg pages_=.. [--arg bad=..]`"#]],
    );
}

#[tokio::test]
async fn an_unknown_parameter_is_answered_with_those_that_there_are() {
    is_refused(
        &call("run crawl --arg page=1").await,
        expect![[r#"
        error: there is no parameter `page`; there are `pages_: u32`, `bad: Option<u32>`

        write `shop run crawl --arg pages_=.. [--arg bad=..]`"#]],
    );
    is_refused(
        &call("run nothing --arg page=1").await,
        expect![[r#"
        error: there is no parameter `page`; there are none

        write `shop run nothing`"#]],
    );
}

#[tokio::test]
async fn a_value_that_its_type_refuses_is_named_with_the_reason() {
    is_refused(
        &call("run crawl --arg pages_=many").await,
        expect![[r#"
        error: `pages_` cannot be "many": invalid digit found in string

        write `shop run crawl --arg pages_=.. [--arg bad=..]`"#]],
    );
    is_refused(
        &call("plan paint --arg color=blue").await,
        expect![[r#"
        error: `color` cannot be "blue": the only color is red

        write `shop plan paint --arg color=..`"#]],
    );
    is_refused(
        &call("run crawl --arg pages_=1 --arg bad=").await,
        expect![[r#"
        error: `bad` cannot be "": cannot parse integer from empty string

        write `shop run crawl --arg pages_=.. [--arg bad=..]`"#]],
    );
}

#[tokio::test]
async fn a_parameter_that_text_cannot_make_is_named() {
    let called = call("run many").await;
    is_refused(
        &called,
        expect![
            "error: `shades: Vec<(u8, u8)>` cannot be made of text: its type does not implement `FromStr`"
        ],
    );
}

#[tokio::test]
async fn an_argument_is_a_name_and_a_value_once_unless_it_is_a_list() {
    is_refused(
        &call("run crawl --arg pages_").await,
        expect![[r#"
        error: invalid value 'pages_' for '--arg <NAME=VALUE>': write it as `name=value`

        For more information, try '--help'."#]],
    );
    is_refused(
        &call("run mix --arg parts=1 --arg color=red").await,
        expect![[r#"
        error: there is no parameter `color`; there are `colors: Vec<Red>`, `parts: Vec<u8>`

        write `shop run mix [--arg colors=..]... [--arg parts=..]...`"#]],
    );
    is_refused(
        &call("run mix --arg parts=1 --arg parts=most").await,
        expect![[r#"
        error: `parts` cannot be "most": invalid digit found in string

        write `shop run mix [--arg colors=..]... [--arg parts=..]...`"#]],
    );
    is_refused(
        &call("run crawl --arg pages_=1 --arg pages_=2").await,
        expect![[r#"
            error: `pages_` is given twice

            write `shop run crawl --arg pages_=.. [--arg bad=..]`"#]],
    );
}

#[tokio::test]
async fn a_limit_is_a_number_and_a_time_has_a_unit() {
    is_refused(
        &call("run nothing --max-concurrent 0").await,
        expect![[r#"
        error: invalid value '0' for '--max-concurrent <N>': number would be zero for non-zero type

        For more information, try '--help'."#]],
    );
    is_refused(
        &call("run nothing --timeout 10").await,
        expect![[r#"
        error: invalid value '10' for '--timeout <TIME>': time unit needed, for example 10sec or 10ms

        For more information, try '--help'."#]],
    );
    is_refused(
        &call("run nothing --timeout 0s").await,
        expect![[r#"
            error: `run().timeout(0ns)`: a run that has no time ends before its first step

            a program sets up its runs with `dynagraph::cli::Cli::new().configure(|run| ..).main()`"#]],
    );
}

#[tokio::test]
async fn a_missing_resource_is_named_with_the_place_to_give_it() {
    let cli = Cli::new().configure(|run| run.pool("api", 1));
    is_refused(
        &call_with(cli, "run stored --json").await,
        expect![[r#"
            error: `store` asks for a `Resource<it::jobs::Bucket>`: give it with `run().resource(..)`

            in `main`, write `dynagraph::cli::Cli::new().resource(..).main()`"#]],
    );
}

#[tokio::test]
async fn a_missing_pool_is_named_with_the_place_to_give_it() {
    let cli = Cli::new().resource(Bucket("the bucket"));
    is_refused(
        &call_with(cli, "run stored").await,
        expect![[r#"
            error: `store` uses the pool `api`, which the run does not have: give it a size with `run().pool("api", ..)` or a rate with `run().rate("api", ..)`

            a program sets up its runs with `dynagraph::cli::Cli::new().configure(|run| ..).main()`"#]],
    );
}

#[tokio::test]
async fn a_job_that_is_not_valid_is_not_run() {
    let called = call("run invalid").await;
    assert_eq!(called.exit, Exit::Usage);
    assert!(called.messages.contains("window(0)"), "{}", called.messages);
}

#[tokio::test]
async fn help_is_no_mistake() {
    let called = call("run --help").await;
    assert_eq!((called.exit, &*called.messages), (Exit::Success, ""));
    expect![[r#"
        Runs a job, from its beginning

        Usage: shop run [OPTIONS] <JOB>

        Arguments:
          <JOB>  The job's name [possible values: book, crawl, endless, farm, hello, invalid, jam, many, mix, naps, nothing, paint, secret, shapes, shelf, skipped, stored, waiting]

        Options:
              --arg <NAME=VALUE>    A parameter of the job
              --store <PATH>        The file that keeps runs [env: DYNAGRAPH_STORE]
              --max-concurrent <N>  At most so many steps run at once
              --fail-fast           The first failure ends the run
              --timeout <TIME>      Ends the run when it takes longer, such as `90s` or `1h 30m`
              --select <STEPS>      Executes these steps only, such as `clean[us/*]`; with `+` before them what is above, too, with `+` after them what is below
              --json                Prints a report as JSON instead of the output
          -h, --help                Print help
    "#]].assert_eq(&called.output);
}
