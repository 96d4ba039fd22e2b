//! The examples give what they claim.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process;

use dynagraph::{RunError, StepReport};

#[expect(dead_code, reason = "`main` is for `cargo run`")]
#[path = "../../examples/documents/main.rs"]
mod documents;
#[expect(dead_code, reason = "`main` is for `cargo run`")]
#[path = "../../examples/failures.rs"]
mod failures;
#[expect(dead_code, reason = "`main` is for `cargo run`")]
#[path = "../../examples/fold.rs"]
mod fold;
#[expect(dead_code, reason = "`main` is for `cargo run`")]
#[path = "../../examples/nested.rs"]
mod nested;
#[expect(dead_code, reason = "`main` is for `cargo run`")]
#[path = "../../examples/resources.rs"]
mod resources;
#[expect(dead_code, reason = "`main` is for `cargo run`")]
#[path = "../../examples/source_report/main.rs"]
mod source_report;
#[expect(dead_code, reason = "`main` is for `cargo run`")]
#[path = "../../examples/unit_test.rs"]
mod unit_test;

#[tokio::test]
async fn documents_runs_every_program() -> Result<(), RunError> {
    let expected = r#"
naive: the squares sum up to 91
dynamic_graph: the squares sum up to 91
return_dynamic: {"index": "/", "about": "/about", "contact": "/contact"}
chained: {"0": 0, "1": 10, "2": 20}
chained_alt: {"0": 0, "1": 10, "2": 20}
other_arg: {"0": 1, "1": 11, "2": 21}
multiple: {"process": 1, "process_2": -1, "process_3": 1, "process_4": -1}
"#;
    assert_eq!(documents::show().await?, expected.trim_start());
    Ok(())
}

#[tokio::test]
async fn nested_keeps_books_and_chapters_apart() -> Result<(), RunError> {
    let expected = r#"
by_book: {"tale": "5 words in 2 chapters", "empty": "0 words in 0 chapters", "poem": "2 words in 1 chapters"}
by_chapter: {"tale/1": 3, "tale/2": 2, "poem/1": 2}
lists: [[3, 2], [], [2]]
product: {"small/tea": 2, "small/cake": 5, "large/tea": 6, "large/cake": 15}
"#;
    assert_eq!(nested::show().await?, expected.trim_start());
    Ok(())
}

#[tokio::test]
async fn fold_holds_few_values() -> Result<(), RunError> {
    let expected = r#"
streaming: 90000, few values at a time: true
batched: {"0": "abc", "1": "def", "2": "g"}
"#;
    assert_eq!(fold::show().await?, expected.trim_start());
    Ok(())
}

#[tokio::test]
async fn failures_names_every_failure() -> Result<(), std::fmt::Error> {
    let expected = r#"
pages: 1 succeeded, 0 failed, 0 below a failure
fetch: 899 succeeded, 101 failed, 0 below a failure
parse: 898 succeeded, 1 failed, 101 below a failure
total: 0 succeeded, 0 failed, 1 below a failure
StepReport { key: "parse[7]", status: Failure, attempts: 1, error: Some(Panicked("no title on page 7")), .. }
causes: ["timed out", "not found", "panicked: no title on page 7"]
crawl: 102 steps failed
  100 of `fetch`: timed out (fetch[3], fetch[13], fetch[23], …)
  step `fetch[500]`: not found
  step `parse[7]`: panicked: no title on page 7
with fail_fast: step `fetch[3]` failed: timed out
"#;
    let shown = failures::show().await?;
    let (runs, leak) = shown.split_once("leak: ").unwrap_or((&shown, ""));
    assert_eq!(runs, expected.trim_start());
    assert!(leak.contains("failures.rs:"), "{leak}");
    assert!(leak.contains("this handle belongs to one copy of a `map`"), "{leak}");
    Ok(())
}

#[tokio::test]
async fn resources_are_given_or_missed() -> Result<(), RunError> {
    let shown = resources::show().await?;
    let (given, missing) = shown.split_once("without prices: ").unwrap_or((&shown, ""));
    assert_eq!(given, "total: 10\nprice[cake]: 1 at 4\nprice[tea]: 2 at 3\n");
    assert!(missing.starts_with("`price` asks for a `Resource<"), "{missing}");
    assert!(
        missing.contains("resources::Prices>`: give it with `run().resource(..)`"),
        "{missing}"
    );
    Ok(())
}

#[tokio::test]
async fn unit_test_counts_words() -> Result<(), RunError> {
    assert_eq!(unit_test::show().await?, "5 words\n");
    Ok(())
}

#[tokio::test]
async fn source_report_counts_every_crate() -> io::Result<()> {
    let folder = Folder::new("crates")?;
    folder.write("alpha/src/lib.rs", ALPHA)?;
    folder.write("alpha/src/deep/down.rs", b"fn down() {}\n")?;
    folder.write("alpha/README.md", b"fn none() {}\n")?;
    folder.write("beta/main.rs", b"fn main() {\n}\n")?;
    folder.write("beta/latin_1.rs", b"// caf\xe9\n")?;
    folder.write("empty/Cargo.toml", b"")?;
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere", folder.0.join("beta/x.rs"))?;

    let report = report(&folder.0).await;
    let lines: Vec<_> = report.lines().collect();
    let row = |name: &str| -> Vec<&str> {
        let line = lines.iter().find(|line| line.starts_with(name)).unwrap_or(&"");
        line[name.len()..].split_whitespace().collect()
    };
    assert_eq!(row("crate "), ["files", "lines", "code", "comments", "unsafe", "functions"]);
    assert_eq!(row("alpha"), ["2", "14", "7", "4", "1", "3"]);
    assert_eq!(row("beta"), ["1", "2", "2", "0", "0", "1"]);
    assert_eq!(row("empty"), ["0", "0", "0", "0", "0", "0"]);
    assert_eq!(row("total of 3"), ["3", "16", "9", "4", "1", "4"]);
    let unread = if cfg!(unix) { 2 } else { 1 };
    assert_eq!(row(&unread.to_string()), ["not", "read"]);
    assert!(report.contains("latin_1.rs: stream did not contain valid UTF-8"), "{report}");
    assert!(!cfg!(unix) || report.contains("x.rs: No such file"), "{report}");
    Ok(())
}

#[tokio::test]
async fn source_report_takes_a_folder_without_sub_folders_for_one_crate() -> io::Result<()> {
    let folder = Folder::new("one_crate")?;
    folder.write("main.rs", b"fn main() {}\n")?;
    folder.write("notes/todo.txt", b"nothing\n")?;
    let report = report(&folder.0).await;
    assert!(report.contains("\ntotal of 1 "), "{report}");
    Ok(())
}

#[tokio::test]
async fn source_report_names_twenty_of_many() -> io::Result<()> {
    let folder = Folder::new("many")?;
    for n in 0..25 {
        folder.write(&format!("crate_{n:02}/lib.rs"), "fn f() {}\n".repeat(n).as_bytes())?;
    }
    let report = report(&folder.0).await;
    assert_eq!(report.matches("\ncrate_").count(), 20, "{report}");
    assert!(report.contains("\n… and 5 more\ntotal of 25 "), "{report}");
    Ok(())
}

#[tokio::test]
async fn source_report_counts_before_every_crate_is_found() -> io::Result<()> {
    let folder = Folder::new("streaming")?;
    for n in 0..25 {
        folder.write(&format!("crate_{n:02}/lib.rs"), b"fn f() {}\n")?;
    }
    let job = source_report::source_report(Some(folder.0.clone()));
    let report = job.run().keep_steps(true).report().await;
    let begins = |key| report.step(key).and_then(StepReport::started);
    let lasts = |key| report.step(key).and_then(StepReport::duration);
    let found = begins("crates").zip(lasts("crates")).map(|(begin, took)| begin + took);
    let counted = begins("count[0/0]");
    assert!(counted.is_some() && counted < found, "{counted:?} is not before {found:?}");
    Ok(())
}

#[tokio::test]
async fn source_report_says_which_folder_is_missing() {
    let run = source_report::source_report(Some("no/such/folder".into())).run();
    let error = run.await.map_err(|error| error.to_string()).err().unwrap_or_default();
    assert!(error.starts_with("step `crates` failed: no/such/folder: "), "{error}");
}

/// Fourteen lines with the other file: 1 `unsafe`, 2 functions, and what only looks like them.
const ALPHA: &[u8] = br##"//! unsafe fn in a comment
/* fn a /* nested */

unsafe */
const TEXT: &str = "unsafe // fn a";
const RAW: &str = r#"fn b " /* "#;
const QUOTE: char = '"';

type Pointer = fn(u8) -> u8;

pub unsafe fn real<'a>(x: &'a str) -> &'a str { x } // a comment after code
fn second() { let escaped = '\''; }

"##;

async fn report(folder: &Path) -> String {
    match source_report::source_report(Some(folder.to_owned())).run().await {
        Ok(table) => table.to_string(),
        Err(error) => panic!("{error}"),
    }
}

/// A folder that is gone after the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> io::Result<Self> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let folder = folder.join(format!("source_report_{name}_{}", process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }

    fn write(&self, path: &str, text: &[u8]) -> io::Result<()> {
        let path = self.0.join(path);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(path, text)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder that stays is not the test's failure.
        drop(fs::remove_dir_all(&self.0));
    }
}
