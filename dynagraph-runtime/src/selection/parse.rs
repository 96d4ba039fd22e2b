//! Reads a selection: `load, clean[us/*]+, +report`.

use super::pattern::Segment;
use crate::key::{KeyPath, MappingKey};

/// One part of a selection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    /// As it was written.
    pub(super) text: String,
    pub(super) node: NodeName,
    /// None for every key.
    pub(super) keys: Option<Vec<Segment>>,
    pub(super) above: bool,
    pub(super) below: bool,
}

/// Which nodes are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NodeName {
    Every,
    Named(String),
}

/// What is wrong with a selection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mistake {
    /// At which character, counted from 1.
    pub(super) at: usize,
    pub(super) reason: String,
}

/// A piece of a text, and where it begins.
#[derive(Clone, Copy)]
struct Piece<'a> {
    whole: &'a str,
    start: usize,
    text: &'a str,
}

impl Piece<'_> {
    fn slice(self, from: usize, to: usize) -> Self {
        Self { start: self.start + from, text: &self.text[from..to], ..self }
    }

    fn trimmed(self) -> Self {
        let start = self.text.len() - self.text.trim_start().len();
        self.slice(start, start + self.text.trim().len())
    }

    /// A mistake at a byte of it.
    fn mistake(self, at: usize, reason: impl Into<String>) -> Mistake {
        let before = &self.whole[..self.start + at];
        Mistake { at: before.chars().count() + 1, reason: reason.into() }
    }

    /// Its parts between separators, which are bytes of ASCII.
    fn split(self, mut separates: impl FnMut(u8) -> bool) -> Vec<Self> {
        let mut parts = Vec::new();
        let mut from = 0;
        for (at, byte) in self.text.bytes().enumerate() {
            if separates(byte) {
                parts.push(self.slice(from, at));
                from = at + 1;
            }
        }
        parts.push(self.slice(from, self.text.len()));
        parts
    }
}

/// The parts of a selection.
pub(super) fn parse(text: &str) -> Result<Vec<Term>, Mistake> {
    let mut inside = false;
    let whole = Piece { whole: text, start: 0, text };
    let parts = whole.split(|byte| {
        // A comma may be part of a key.
        inside = (inside || byte == b'[') && byte != b']';
        byte == b',' && !inside
    });
    parts.into_iter().map(term).collect()
}

fn term(part: Piece<'_>) -> Result<Term, Mistake> {
    let part = part.trimmed();
    let mut rest = part;
    let above = rest.text.starts_with('+');
    if above {
        rest = rest.slice(1, rest.text.len());
    }
    let below = rest.text.ends_with('+');
    if below {
        rest = rest.slice(0, rest.text.len() - 1);
    }
    let rest = rest.trimmed();
    let (node, keys) = match rest.text.find('[') {
        None => (rest, None),
        Some(at) => (rest.slice(0, at), Some(inside(rest, at)?)),
    };
    let node = name(node.trimmed(), keys)?;
    let keys = keys.map(segments).transpose()?;
    Ok(Term { text: part.text.to_owned(), node, keys, above, below })
}

/// What is between the brackets, of which the first is at `open`.
fn inside(rest: Piece<'_>, open: usize) -> Result<Piece<'_>, Mistake> {
    let Some(close) = rest.text[open..].find(']').map(|at| open + at) else {
        return Err(rest.mistake(open, "this `[` is not closed: write `]` after the keys"));
    };
    if close + 1 < rest.text.len() {
        let reason = "after the keys there is `+`, `,` or the end; in a key, `]` is written `%5D`";
        return Err(rest.mistake(close + 1, reason));
    }
    Ok(rest.slice(open + 1, close))
}

fn name(node: Piece<'_>, keys: Option<Piece<'_>>) -> Result<NodeName, Mistake> {
    if node.text.is_empty() {
        return Err(node.mistake(0, "a node's name is missing here: write it, or `*` for all"));
    }
    if node.text == "*" {
        return match keys {
            None => Ok(NodeName::Every),
            Some(keys) => {
                let reason = "`*` is every step of every node, and takes no keys: write `*`";
                Err(keys.mistake(0, reason))
            }
        };
    }
    match node.text.find(['*', ']', '/', '?', '%']) {
        None => Ok(NodeName::Named(node.text.to_owned())),
        Some(at) => {
            let reason = match node.text.as_bytes()[at] {
                b'*' => "`*` is no part of a node's name: alone, it is every node".to_owned(),
                b']' => "there is no `[` before this `]`".to_owned(),
                _ => {
                    format!("no node's name has `{}`: keys are in `[` and `]`", &node.text[at..=at])
                }
            };
            Err(node.mistake(at, reason))
        }
    }
}

fn segments(keys: Piece<'_>) -> Result<Vec<Segment>, Mistake> {
    keys.split(|byte| byte == b'/').into_iter().map(segment).collect()
}

fn segment(key: Piece<'_>) -> Result<Segment, Mistake> {
    if key.text.is_empty() {
        return Err(key.mistake(0, "a key is missing here: write it, or `*` for all"));
    }
    let parts = key.split(|byte| byte == b'*');
    parts.into_iter().map(literal).collect::<Result<_, _>>().map(Segment::new)
}

/// A part of a key without a star, as step keys print it.
fn literal(part: Piece<'_>) -> Result<String, Mistake> {
    if let Some(at) = part.text.find(['[', '?']) {
        let c = char::from(part.text.as_bytes()[at]);
        let reason = format!("in a key, `{c}` is written `%{:02X}`", u32::from(c));
        return Err(part.mistake(at, reason));
    }
    let mut pieces = part.split(|byte| byte == b'%').into_iter();
    let mut out = pieces.next().map(|piece| piece.text.to_owned()).unwrap_or_default();
    for piece in pieces {
        let decoded = piece.text.split_at_checked(2).and_then(|(code, rest)| {
            let byte = u8::from_str_radix(code, 16).ok().filter(u8::is_ascii)?;
            Some((char::from(byte), rest))
        });
        let Some((c, rest)) = decoded else {
            let reason = "two digits follow on `%`, as in `%2F` for `/`; a `%` is written `%25`";
            return Err(Piece { start: piece.start - 1, ..piece }.mistake(0, reason));
        };
        write_encoded(&mut out, c);
        out.push_str(rest);
    }
    Ok(out)
}

/// A character as step keys print it.
fn write_encoded(out: &mut String, c: char) {
    let mut bytes = [0; 4];
    let key = MappingKey::from(&*c.encode_utf8(&mut bytes));
    out.push_str(&KeyPath::root().child(key, 0).to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str, name: &str, keys: Option<&str>) -> Term {
        let segment = |key: &str| Segment::new(key.split('*').map(str::to_owned).collect());
        Term {
            text: text.to_owned(),
            node: NodeName::Named(name.to_owned()),
            keys: keys.map(|keys| keys.split('/').map(segment).collect()),
            above: text.starts_with('+'),
            below: text.ends_with('+'),
        }
    }

    #[test]
    fn a_selection_has_several_parts() {
        let terms = parse(" load,clean[us/*]+ , +report+,+ x").unwrap_or_default();
        assert_eq!(
            terms,
            [
                named("load", "load", None),
                named("clean[us/*]+", "clean", Some("us/*")),
                named("+report+", "report", None),
                named("+ x", "x", None),
            ]
        );
        let every = parse("*+").unwrap_or_default();
        assert_eq!(every[0].node, NodeName::Every);
    }

    #[test]
    fn in_keys_a_comma_is_a_comma_and_a_plus_a_plus() {
        let terms = parse("a[x, y+],b").unwrap_or_default();
        assert_eq!(terms, [named("a[x, y+]", "a", Some("x, y+")), named("b", "b", None)]);
    }

    #[test]
    fn keys_are_written_as_step_keys_print_them() {
        let keys = |text: &str| parse(text).map(|terms| terms[0].keys.clone());
        assert_eq!(keys("a[eu%2fwest]"), keys("a[eu%2Fwest]"));
        assert_eq!(keys("a[%41%25]"), keys("a[A%25]"));
        assert_eq!(keys("a[x%2A]"), Ok(Some(vec![Segment::new(vec!["x%2A".to_owned()])])));
        assert_ne!(keys("a[x%2A]"), keys("a[x*]"));
    }

    #[test]
    fn a_mistake_says_where_it_is_and_what_to_write() {
        for (text, at, says) in [
            ("", 1, "write it, or `*`"),
            ("a,,b", 3, "write it, or `*`"),
            ("a, ", 4, "write it, or `*`"),
            ("+", 2, "write it, or `*`"),
            ("[x]", 1, "write it, or `*`"),
            ("é,a[x", 4, "write `]`"),
            ("a[x]y", 5, "`%5D`"),
            ("a[x]]", 5, "`%5D`"),
            ("ax]", 3, "no `[`"),
            ("a[]", 3, "or `*` for all"),
            ("a[x//y]", 5, "or `*` for all"),
            ("a[x/]", 5, "or `*` for all"),
            ("a[x[y]", 4, "`%5B`"),
            ("a[x?]", 4, "`%3F`"),
            ("a[é%2]", 4, "`%25`"),
            ("a[%zz]", 3, "`%25`"),
            ("a[%é]", 3, "`%25`"),
            ("cl*", 3, "every node"),
            ("a/b", 2, "keys are in `[`"),
            ("*[us]", 3, "write `*`"),
        ] {
            let mistake = parse(text).unwrap_err();
            assert_eq!(mistake.at, at, "{text}: {mistake:?}");
            assert!(mistake.reason.contains(says), "{text}: {mistake:?}");
        }
    }
}
