//! A program two of whose jobs have one name.

use dynagraph::cli::{Cli, Exit};
use dynagraph::prelude::*;

mod day {
    use super::*;

    #[job]
    pub(super) fn nightly() {}
}

mod night {
    use super::*;

    #[job(name = "nightly")]
    pub(super) fn by_night() {}
}

#[job]
fn daily() {}

async fn call(arguments: &[&str]) -> (Exit, String, String) {
    let (mut output, mut messages) = (Vec::new(), Vec::new());
    let exit = Cli::new().run_from(arguments, &mut output, &mut messages).await;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (exit, text(output), text(messages))
}

#[tokio::test]
async fn two_jobs_of_one_name_are_refused_with_their_places() {
    assert_eq!(day::nightly().name(), night::by_night().name());
    for command in [&["shop", "list"][..], &["shop", "run", "nightly"]] {
        let (exit, _, messages) = call(command).await;
        assert_eq!(exit, Exit::Usage);
        assert!(messages.starts_with("error: 2 jobs are called `nightly`:\n  "), "{messages}");
        assert!(messages.contains("duplicates.rs:9, in duplicates::day\n  "), "{messages}");
        assert!(messages.contains("duplicates.rs:16, in duplicates::night\n"), "{messages}");
        assert!(messages.contains("`#[job(name = \"..\")]`"), "{messages}");
    }
}

#[tokio::test]
async fn the_other_jobs_are_run_nevertheless() {
    assert_eq!(daily().name(), "daily");
    assert_eq!(call(&["shop", "run", "daily"]).await.0, Exit::Success);
    assert_eq!(call(&["shop", "list"]).await.1, "daily()\nnightly()\nnightly()\n");
}
