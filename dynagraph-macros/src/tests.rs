//! What the macros print, as readable Rust, and what they say.

use std::fs;
use std::path::{Path, PathBuf};

use expect_test::expect_file;
use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use crate::job::job;
use crate::op::op;

/// Compares an expansion with the file of that name in `tests/expansions`.
macro_rules! expands_to {
    ($file:literal, $expansion:expr) => {
        expect_file![concat!("../tests/expansions/", $file)].assert_eq(&pretty($expansion))
    };
}

fn pretty(expansion: TokenStream) -> String {
    prettyplease::unparse(&syn::parse2(expansion).unwrap())
}

#[test]
fn a_plain_op() {
    let item = quote! {
        /// Scores a piece.
        pub fn compute_piece(piece: Piece) -> Score {
            piece.score()
        }
    };
    expands_to!("plain.rs", op(quote!(), item));
}

#[test]
fn an_async_op_that_can_fail() {
    let args = quote!(name = "download", max_concurrent = 8, version = "2", cache);
    let item = quote! {
        async fn fetch(url: String) -> Result<Page, reqwest::Error> {
            reqwest::get(url).await?.page().await
        }
    };
    expands_to!("async-fallible.rs", op(args, item));
}

#[test]
fn an_op_that_borrows() {
    let item = quote! {
        fn merge(scores: &[Score], title: &str, place: &Path, style: &Style) -> Report {
            Report::new(scores, title, place, style)
        }
    };
    expands_to!("borrowed.rs", op(quote!(inline), item));
}

#[test]
fn an_op_with_a_context_and_a_resource() {
    let item = quote! {
        async fn upload(ctx: OpContext, bucket: &Resource<Bucket>, page: Page) -> Result<(), OpError> {
            bucket.put(ctx.step_key(), page).await
        }
    };
    expands_to!("context-and-resource.rs", op(quote!(), item));
}

#[test]
fn an_op_that_returns_a_list() {
    let item = quote! {
        fn pages() -> io::Result<Vec<DynamicOutput<String>>> {
            read_pages()
        }
    };
    expands_to!("list.rs", op(quote!(), item));
}

#[test]
fn an_op_that_returns_a_stream() {
    let item = quote! {
        fn numbers(limit: &u64) -> impl Stream<Item = DynamicOutput<u64>> {
            count_to(*limit)
        }
    };
    expands_to!("stream.rs", op(quote!(), item));
}

#[test]
fn an_op_that_returns_an_iterator() {
    let item = quote! {
        fn numbers(limit: u64) -> Result<impl Iterator<Item = DynamicOutput<u64>>, OpError> {
            count_to(limit)
        }
    };
    expands_to!("iterator.rs", op(quote!(), item));
}

#[test]
fn an_op_that_emits() {
    let item = quote! {
        fn walk(root: PathBuf, files: DynamicOut<PathBuf>) -> io::Result<()> {
            files.blocking_emit(root, 0)
        }
    };
    expands_to!("emits.rs", op(quote!(), item));
}

#[test]
fn an_op_of_several_outputs() {
    let item = quote! {
        fn split(text: &str, rest: DynamicOut<char>) -> (usize, Option<u8>, Vec<DynamicOutput<String>>) {
            parts(text, rest)
        }
    };
    expands_to!("several-outputs.rs", op(quote!(out(total, first: optional, parts)), item));
}

#[test]
fn an_op_with_every_rule_for_its_steps() {
    let args = quote!(
        max_retries = 3,
        delay = "200ms",
        max_delay = "1m 30s",
        backoff = "exponential",
        jitter = "plus_minus",
        retry_if = errors::is_transient,
        retry_panics,
        timeout = "30s",
        idle_timeout = "1.5s",
        max_concurrent = 8,
        pool = "gpu",
        weight = 2,
    );
    let item = quote! {
        async fn upload(ctx: OpContext, page: Page) -> Result<(), UploadError> {
            put(ctx, page).await
        }
    };
    expands_to!("rules.rs", op(args, item));
}

/// `retry_if` is asked about the op's own error, not about one in emitting.
#[test]
fn an_iterator_that_may_be_tried_again() {
    let args = quote!(max_retries = 1, retry_if = io::Error::is_transient, pool = "disk");
    let item = quote! {
        fn lines(path: &Path) -> io::Result<impl Iterator<Item = DynamicOutput<String>>> {
            read(path)
        }
    };
    expands_to!("retried-iterator.rs", op(args, item));
}

#[test]
fn an_op_that_may_give_nothing() {
    let item = quote! {
        fn find(text: String) -> Option<Page> {
            search(text)
        }
    };
    expands_to!("optional.rs", op(quote!(optional), item));
}

#[test]
fn a_generic_op() {
    let item = quote! {
        fn echo<T, const N: usize>(values: [T; N]) -> [T; N]
        where
            T: Ord,
        {
            values
        }
    };
    expands_to!("generic.rs", op(quote!(), item));
}

#[test]
fn every_attribute_has_a_place() {
    let item = quote! {
        /// Counts words.
        #[cfg(unix)]
        #[cfg_attr(docsrs, doc(cfg(unix)), inline)]
        #[tracing::instrument]
        #[must_use]
        #[allow(clippy::unused_async)]
        #[expect(dead_code, reason = "not used yet")]
        #[deprecated]
        pub(crate) async fn count_words(text: String) -> usize {
            text.len()
        }
    };
    expands_to!("attributes.rs", op(quote!(), item));
}

#[test]
fn an_op_with_a_mistake_has_a_stand_in() {
    let item = quote! {
        unsafe fn echo<'a>(value: &'a str) -> &'a str {
            value
        }
    };
    expands_to!("stand-in.rs", op(quote!(), item));
}

#[test]
fn a_job() {
    let item = quote! {
        /// Composes.
        pub fn dynamic_graph() {
            load_pieces().map(compute_piece);
        }
    };
    expands_to!("job.rs", job(quote!(), item));
}

#[test]
fn a_job_with_parameters() {
    let item = quote! {
        fn etl<T: Value>(bucket: String, value: T) -> (OutputHandle<T>, DynamicHandle<u64>) {
            (echo(value), read(bucket))
        }
    };
    expands_to!("job-with-parameters.rs", job(quote!(name = "nightly"), item));
}

/// A generic job has no name of its own; this one has.
#[test]
fn a_job_that_is_listed() {
    let item = quote! {
        /// Copies pages.
        #[doc = include_str!("etl.md")]
        pub fn etl(bucket: &str, mut limit: Option<usize>, (a, b): (std::num::NonZeroU8, [u8; 2])) {
            copy(bucket, limit, a, b);
        }
    };
    expands_to!("listed-job.rs", job(quote!(), item));
}

#[test]
fn a_job_is_not_listed_if_it_says_so_or_has_a_mistake() {
    let cases = [
        job(
            quote!(unlisted),
            quote!(
                fn etl() {}
            ),
        ),
        job(
            quote!(),
            quote!(
                fn etl(value: impl Value) {}
            ),
        ),
        job(
            quote!(),
            quote!(
                async fn etl() {}
            ),
        ),
    ];
    for expansion in cases {
        assert!(!expansion.to_string().contains("register_job"), "{expansion}");
    }
}

#[test]
fn a_half_typed_body_expands() {
    let body = quote!({ value. });
    let expansion = op(quote!(), quote!(fn double(value: u64) -> u64 #body)).to_string();
    assert!(expansion.contains("{ value . }"), "{expansion}");
    assert!(!expansion.contains("compile_error"), "{expansion}");
}

#[test]
fn a_renamed_crate_is_not_called_by_its_name() {
    let krate = quote!(crate = ::renamed);
    let args = quote!(#krate, out(total, parts), max_retries = 1, delay = "1s", backoff = "linear", jitter = "full", retry_if = f);
    let item = quote! {
        async fn split<T>(value: &T, out: DynamicOut<T>, bucket: Resource<u8>) -> Result<(T, Vec<DynamicOutput<T>>), E> {}
    };
    let stream = quote!(
        async fn count() -> Result<impl Stream<Item = DynamicOutput<u64>>, E> {}
    );
    let expansions = [
        op(args, item),
        op(krate.clone(), stream),
        job(
            krate,
            quote!(
                fn nightly() -> OutputHandle<u64> {}
            ),
        ),
    ];
    for expansion in expansions {
        assert!(expansion.to_string().contains("renamed"));
        assert!(!expansion.to_string().contains("dynagraph"), "{expansion}");
    }
}

/// A message that no fixture shows may say anything.
#[test]
fn every_message_is_in_a_snapshot() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut snapshots = String::new();
    for path in files(&root.join("../tests/ui/fail"), "stderr") {
        snapshots += &fs::read_to_string(path).unwrap();
    }
    let mut messages = Vec::new();
    for path in files(&root.join("src"), "rs") {
        let source: TokenStream = fs::read_to_string(path).unwrap().parse().unwrap();
        find_messages(source, &mut messages);
    }
    assert!(messages.len() > 30, "{messages:?}");
    let is_shown = |message: &String| {
        // What stands in braces depends on the mistake.
        let mut parts = message.split(['{', '}']).step_by(2);
        snapshots.lines().any(|line| {
            parts.clone().try_fold(line, |line, part| Some(line.split_once(part)?.1)).is_some()
        }) || parts.all(str::is_empty)
    };
    messages.retain(|message| !is_shown(message));
    assert!(messages.is_empty(), "without a fixture: {messages:#?}");
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found
}

/// Collects the text in every `errors.push(..)`, and in every `let message`.
fn find_messages(source: TokenStream, messages: &mut Vec<String>) {
    let tokens: Vec<_> = source.into_iter().collect();
    let text = |token: &TokenTree| token.to_string();
    for (place, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else { continue };
        let before: Vec<_> = tokens[place.saturating_sub(3)..place].iter().map(text).collect();
        if before == ["errors", ".", "push"] {
            literals(group.stream(), messages);
        } else {
            find_messages(group.stream(), messages);
        }
    }
    for (place, token) in tokens.iter().enumerate() {
        if text(token) == "message" && place > 0 && text(&tokens[place - 1]) == "let" {
            let end = tokens[place..].iter().position(|token| text(token) == ";");
            let statement = &tokens[place..place + end.unwrap_or(0)];
            literals(statement.iter().cloned().collect(), messages);
        }
    }
}

fn literals(tokens: TokenStream, found: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Literal(literal) => {
                if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                    found.push(text.value());
                }
            }
            TokenTree::Group(group) => literals(group.stream(), found),
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}
