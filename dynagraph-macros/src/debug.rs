//! `DYNAGRAPH_MACRO_DEBUG=name` prints the expansion of that op or job while it is compiled.

use std::env;
use std::io::Write as _;
use std::process::{Command, Stdio};

use proc_macro2::{Ident, TokenStream};

/// Prints the expansion to stderr if it was asked for.
pub(crate) fn print(name: &Ident, expansion: &TokenStream) {
    if env::var_os("DYNAGRAPH_MACRO_DEBUG").is_some_and(|wanted| name == &*wanted.to_string_lossy())
    {
        let code = expansion.to_string();
        #[expect(clippy::print_stderr, reason = "it is what the variable asks for")]
        {
            eprintln!("{}", rustfmt(&code).unwrap_or(code));
        }
    }
}

fn rustfmt(code: &str) -> Option<String> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    child.stdin.take()?.write_all(code.as_bytes()).ok()?;
    let output = child.wait_with_output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()
}
