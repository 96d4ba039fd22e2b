//! What cannot be meant: each says what to write. No step is run, and the status is 2.

use std::fs;
use std::path::PathBuf;

use dynagraph::cli::{Cli, Exit};
use dynagraph::store::{RunInfo, RunStore as _};
use dynagraph::{RunId, SqliteStore};
use expect_test::expect;

use super::{Store, is_refused};
use crate::support::{Called, call};

fn open(store: &Store) -> SqliteStore {
    SqliteStore::open(store.0.path().join("runs.db")).expect("a store")
}

#[tokio::test]
async fn a_command_about_stored_runs_asks_for_a_store() {
    is_refused(
        &call("runs").await,
        &expect![[r#"
        error: no store is given

        write `shop runs --store runs.db`, or set `DYNAGRAPH_STORE`"#]],
    );
    is_refused(
        &call("show 12").await,
        &expect![[r#"
        error: no store is given

        write `shop show RUN --store runs.db`, or set `DYNAGRAPH_STORE`"#]],
    );
    is_refused(
        &call("gc --older-than 1d").await,
        &expect![[r#"
        error: no store is given

        write `shop gc --older-than 30d --store runs.db`, or set `DYNAGRAPH_STORE`"#]],
    );
}

#[tokio::test]
async fn a_path_with_no_store_is_named_and_nothing_is_made() {
    let store = Store::new();
    is_refused(
        &store.call("resume").await,
        &expect![[r#"
            error: there is no store at `home/runs.db`

            `shop run JOB --store runs.db` makes one and keeps the run in it"#]],
    );
    assert!(!store.0.path().join("runs.db").exists());
}

#[tokio::test]
async fn a_path_that_cannot_be_a_store_is_named_with_the_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = folder.path().join("notes.txt");
    fs::write(&text, "a text that is much longer than the name of a format").expect("a file");
    let refused = async |path: PathBuf| {
        let called = call(&format!("run nothing --store {}", path.display())).await;
        let messages = called.messages.replace(&folder.path().display().to_string(), "home");
        Called { messages, ..called }
    };
    is_refused(
        &refused(folder.path().to_owned()).await,
        &expect!["error: `home` is a folder, and a store is a file: write `--store home/runs.db`"],
    );
    is_refused(
        &refused(folder.path().join("no/runs.db")).await,
        &expect!["error: there is no folder `home/no`: make it, or give another path"],
    );
    is_refused(
        &refused(text).await,
        &expect![[r#"
        error: `home/notes.txt` is damaged: it is no SQLite database; put a copy of it back, or move it away to begin anew

        if another file is meant, write `--store` with its path"#]],
    );
}

#[tokio::test]
async fn a_run_that_is_not_there_is_answered_with_how_to_list_them() {
    let store = Store::new();
    store.call("run nothing").await;
    let first = store.ids().await[0].chars().next();
    let other = if first == Some('a') { 'b' } else { 'a' };
    let called = store.call(&format!("show {}", other.to_string().repeat(32))).await;
    is_refused(
        &called,
        &expect![[r#"
        error: the store has no run `<run>`

        `shop runs --store runs.db` lists the runs that there are"#]],
    );
    is_refused(
        &store.call("resume farm").await,
        &expect![[r#"
        error: `farm` is not the id of a run, nor the beginning of one: an id has digits from 0 to 9 and a to f

        `shop runs --store runs.db` lists the runs that there are"#]],
    );
}

#[tokio::test]
async fn digits_that_several_runs_begin_with_are_answered_with_those_runs() {
    let store = Store::new();
    for last in 0..3 {
        let mut run = RunInfo::new("farm");
        run.id = RunId::from_bytes([0xab, last, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        drop(open(&store).begin(&run));
    }
    is_refused(
        &store.call("resume ab").await,
        &expect![[r#"
        error: `ab` is the beginning of 3 runs:
          <run>  farm  interrupted  <time>
          <run>  farm  interrupted  <time>
          <run>  farm  interrupted  <time>

        `shop runs --store runs.db` lists the runs that there are"#]],
    );
    assert_eq!(store.call("show ab01").await.exit, Exit::Success);
}

#[tokio::test]
async fn a_store_without_anything_to_go_on_with_says_what_it_has() {
    let store = Store::new();
    drop(open(&store));
    is_refused(
        &store.call("resume").await,
        &expect![[r#"
            error: the store has no runs

            `shop run JOB --store runs.db` begins one"#]],
    );
    store.call("run nothing").await;
    is_refused(
        &store.call("resume").await,
        &expect![[r#"
            error: every run of the store has succeeded

            `shop resume <run> --store runs.db` gives the output of the latest one again"#]],
    );
}

#[tokio::test]
async fn a_run_whose_parameters_have_changed_says_what_to_write() {
    let store = Store::new();
    let begin = |arguments: &[(&str, &str)]| {
        let mut run = RunInfo::new("farm");
        let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        run.arguments = arguments.iter().map(owned).collect();
        drop(open(&store).begin(&run));
    };
    begin(&[("bad", "7")]);
    is_refused(
        &store.call("resume").await,
        &expect![[r#"
        error: the arguments of the run <run> no longer fit the job `farm`: nothing is given for `count: u32`

        write `shop resume <run> --arg count=.. --store runs.db`"#]],
    );
    begin(&[("count", "many")]);
    is_refused(
        &store.call("resume").await,
        &expect![[r#"
        error: the arguments of the run <run> no longer fit the job `farm`: `count` cannot be "many": invalid digit found in string

        write `shop resume <run> --arg count=.. --store runs.db`"#]],
    );
    let called = store.call("resume --arg count=1").await;
    assert_eq!((called.exit, &*called.output), (Exit::Success, "0.5\n"));
    begin(&[("count", "3"), ("size", "9")]);
    is_refused(
        &store.call("resume").await,
        &expect![[r#"
        error: the arguments of the run <run> no longer fit the job `farm`: there is no parameter `size`; there are `count: u32`, `bad: Option<u32>`

        begin anew with `shop run farm --arg count=.. [--arg bad=..] --store runs.db`"#]],
    );
}

#[tokio::test]
async fn a_parameter_that_is_given_anew_and_does_not_fit_is_named() {
    let store = Store::new();
    store.call_in(false, "run farm --arg count=2").await;
    is_refused(
        &store.call("resume --arg size=1").await,
        &expect![[r#"
        error: there is no parameter `size`; there are `count: u32`, `bad: Option<u32>`

        write `shop resume <run> --store runs.db`"#]],
    );
    is_refused(
        &store.call("resume --arg count=few").await,
        &expect![[r#"
        error: `count` cannot be "few": invalid digit found in string

        write `shop resume <run> --arg count=.. --store runs.db`"#]],
    );
}

#[tokio::test]
async fn a_run_of_a_job_that_the_program_does_not_have_is_named_with_those_that_there_are() {
    let store = Store::new();
    drop(open(&store).begin(&RunInfo::new("elsewhere")));
    is_refused(
        &store.call("resume").await,
        &expect![[r#"
            error: the run <run> is one of the job `elsewhere`, which this program does not have; it has `book`, `crawl`, `endless`, `farm`, `hello`, `invalid`, `jam`, `many`, `mix`, `naps`, `nothing`, `paint`, `secret`, `shapes`, `shelf`, `skipped`, `stored`, `waiting`

            a job that has another name now keeps the old one with `#[job(name = "elsewhere")]`"#]],
    );
}

#[tokio::test]
async fn a_step_that_is_not_there_is_answered_with_some_that_are() {
    let store = Store::new();
    store.call_in(false, "run farm --arg count=2").await;
    let id = &store.ids().await[0];
    is_refused(
        &store.call(&format!("show {id} fields[1]")).await,
        &expect![[r#"
            error: the store has no step `fields[1]` of this run; of `fields`, it has `fields`

            `shop show <run> --store runs.db` shows what there is; a step that has not ended is not there"#]],
    );
    is_refused(
        &store.call(&format!("show {id} field")).await,
        &expect![[r#"
        error: the store has no step `field` of this run; it has steps of `fields`, `harvest`

        `shop show <run> --store runs.db` shows what there is; a step that has not ended is not there"#]],
    );
    store.call("run naps").await;
    let id = &store.ids().await[0];
    is_refused(
        &store.call(&format!("show {id} field")).await,
        &expect![[r#"
            error: the store has no step `field` of this run, nor any other

            `shop show <run> --store runs.db` shows what there is; a step that has not ended is not there"#]],
    );
}

#[tokio::test]
async fn a_program_asks_for_its_resources_before_a_run_is_begun() {
    let store = Store::new();
    let arguments = format!("run farm --arg count=1 {}", store.option());
    let called = crate::support::call_with(Cli::new(), &arguments).await;
    assert_eq!(called.exit, Exit::Usage);
    assert!(called.messages.contains("`harvest` asks for a `Resource"), "{}", called.messages);
    assert_eq!(store.ids().await.len(), 0);
}
