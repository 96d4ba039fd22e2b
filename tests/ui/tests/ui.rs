//! Every mistake is one error, at the tokens that a user must change.

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_mistake_is_reported_as_recorded() {
    trybuild::TestCases::new().compile_fail("fail/*/*.rs");
}

#[test]
fn one_mistake_is_one_error() {
    let fixtures = fixtures();
    assert!(!fixtures.is_empty());
    for fixture in fixtures {
        let marked = read(&fixture).matches("// ERROR").count();
        let recorded = read(&fixture.with_extension("stderr"));
        let errors = recorded.lines().filter(|line| line.starts_with("error")).count();
        assert_eq!(errors, marked, "{}", fixture.display());
    }
}

#[test]
fn every_error_is_in_a_marked_line() {
    for fixture in fixtures() {
        let source = read(&fixture);
        let recorded = read(&fixture.with_extension("stderr"));
        let mut lines = recorded.lines().skip_while(|line| !line.starts_with("error"));
        while let Some(error) = lines.next() {
            let place = lines.next().unwrap_or_default();
            let line = place.rsplit(':').nth(1).and_then(|line| line.parse::<usize>().ok());
            let line = line.and_then(|line| source.lines().nth(line - 1)).unwrap_or_default();
            assert!(line.contains("// ERROR"), "{}: {error}: {line}", fixture.display());
            lines.by_ref().find(|line| line.is_empty());
        }
    }
}

fn fixtures() -> Vec<PathBuf> {
    let themes = entries(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fail"));
    let files = themes.iter().flat_map(|theme| entries(theme));
    files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of fixtures");
    entries.map(|entry| entry.expect("an entry of it").path()).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
