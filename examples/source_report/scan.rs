//! What a Rust source is made of, counted without parsing it.

use super::counts::Counts;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    Blank,
    Comment,
    Code,
}

/// Counts one source.
pub(crate) fn count(text: &str) -> Counts {
    let mut counts = Counts { files: 1, lines: text.lines().count(), ..Counts::default() };
    let (mut rest, mut code, mut comment) = (text, false, false);
    while !rest.is_empty() {
        let (kind, len) = token(rest);
        let (token, after) = rest.split_at(len);
        rest = after;
        counts.unsafes += usize::from(token == "unsafe");
        let named =
            after.trim_start().starts_with(|next: char| next.is_alphabetic() || next == '_');
        counts.functions += usize::from(token == "fn" && named);
        for (place, _) in token.split('\n').enumerate() {
            if place > 0 {
                counts.code += usize::from(code);
                counts.comments += usize::from(comment && !code);
                (code, comment) = (false, false);
            }
            code |= kind == Token::Code;
            comment |= kind == Token::Comment;
        }
    }
    counts.code += usize::from(code);
    counts.comments += usize::from(comment && !code);
    counts
}

/// What comes first in `text`, and how long it is.
fn token(text: &str) -> (Token, usize) {
    let word = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let first = text.chars().next().map_or(0, char::len_utf8);
    match text.as_bytes() {
        [b'/', b'/', ..] => (Token::Comment, text.find('\n').unwrap_or(text.len())),
        [b'/', b'*', ..] => (Token::Comment, block(text)),
        [b'"', ..] => (Token::Code, quoted(text, '"')),
        [b'\'', b'\\', ..] => (Token::Code, quoted(text, '\'')),
        // A lone quote begins a lifetime.
        [b'\'', ..] => {
            let lone = text.char_indices().nth(2).is_none_or(|(_, c)| c != '\'');
            (Token::Code, if lone { 1 } else { quoted(text, '\'') })
        }
        _ if matches!(&text[..word], "r" | "br" | "cr") => (Token::Code, word + raw(&text[word..])),
        _ if word > 0 => (Token::Code, word),
        _ if text.starts_with(char::is_whitespace) => (Token::Blank, first),
        _ => (Token::Code, first),
    }
}

/// The length of a block comment, in which others may stand.
fn block(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while at < text.len() {
        match &text.as_bytes()[at..] {
            [b'/', b'*', ..] => (at, depth) = (at + 2, depth + 1),
            [b'*', b'/', ..] if depth == 1 => return at + 2,
            [b'*', b'/', ..] => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
    }
    at
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of what follows the `r` of a raw string; zero where none follows.
fn raw(text: &str) -> usize {
    let hashes = text.len() - text.trim_start_matches('#').len();
    let Some(inside) = text[hashes..].strip_prefix('"') else { return 0 };
    let end = format!("\"{}", "#".repeat(hashes));
    inside.find(&end).map_or(text.len(), |at| hashes + 1 + at + end.len())
}
