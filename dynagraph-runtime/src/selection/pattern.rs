//! Which steps of a node are meant: their keys, with `*` for any text inside of one.

use std::collections::HashSet;
use std::sync::Arc;

/// One key of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Segment {
    Any,
    /// The texts around the stars, as step keys print them.
    Text(Arc<[String]>),
}

impl Segment {
    pub(super) fn new(parts: Vec<String>) -> Self {
        let any = parts.len() > 1 && parts.iter().all(String::is_empty);
        if any { Self::Any } else { Self::Text(parts.into()) }
    }

    fn matches(&self, key: &str) -> bool {
        let Self::Text(parts) = self else { return true };
        let [first, middle @ .., last] = &**parts else {
            return parts.first().is_some_and(|only| only == key);
        };
        let Some(mut rest) = key.strip_prefix(first.as_str()) else { return false };
        for part in middle {
            match rest.find(part.as_str()) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.ends_with(last.as_str())
    }

    fn covers(&self, other: &Self) -> bool {
        *self == Self::Any || self == other
    }

    /// The only key that it matches, if it is one.
    fn exact(&self) -> Option<&str> {
        match self {
            Self::Text(parts) if parts.len() == 1 => Some(&parts[0]),
            _ => None,
        }
    }
}

/// The keys of a node's steps, outermost first: one segment for each that a step key shows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Pattern(pub(super) Vec<Segment>);

impl Pattern {
    /// Every step of a node with so many keys.
    pub(super) fn any(keys: usize) -> Self {
        Self(vec![Segment::Any; keys])
    }

    pub(super) fn is_any(&self) -> bool {
        self.0.iter().all(|segment| *segment == Segment::Any)
    }

    /// Whether a step has such keys, which are given as step keys print them.
    pub(crate) fn matches(&self, path: &str) -> bool {
        if self.0.is_empty() {
            return path.is_empty();
        }
        let mut keys = path.split('/');
        self.0.iter().all(|segment| keys.next().is_some_and(|key| segment.matches(key)))
            && keys.next().is_none()
    }

    fn covers(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(own, other)| own.covers(other))
    }

    /// The only path that it matches, if it is one.
    pub(super) fn exact(&self) -> Option<String> {
        let keys = self.0.iter().map(Segment::exact).collect::<Option<Vec<_>>>()?;
        Some(keys.join("/"))
    }
}

/// Steps of one node.
#[derive(Debug, Clone, Default)]
pub(crate) struct Steps {
    patterns: Vec<Pattern>,
    /// Those that are named with all their keys: there may be many.
    exact: HashSet<String>,
}

impl Steps {
    /// Adds steps. Says whether they were not all there.
    pub(super) fn add(&mut self, pattern: &Pattern) -> bool {
        if self.patterns.iter().any(|known| known.covers(pattern)) {
            return false;
        }
        if let Some(path) = pattern.exact().filter(|_| !pattern.is_any()) {
            return self.exact.insert(path);
        }
        self.patterns.retain(|known| !pattern.covers(known));
        self.exact.retain(|path| !pattern.matches(path));
        self.patterns.push(pattern.clone());
        true
    }

    pub(super) fn patterns(&self) -> impl Iterator<Item = Pattern> {
        let exact = self.exact.iter().map(|path| {
            let keys = path.split('/');
            Pattern(keys.map(|key| Segment::new(vec![key.to_owned()])).collect())
        });
        self.patterns.iter().cloned().chain(exact)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.patterns.is_empty() && self.exact.is_empty()
    }

    /// Whether it is all of them.
    pub(crate) fn is_all(&self) -> bool {
        self.patterns.first().is_some_and(Pattern::is_any)
    }

    /// Whether a step with these keys, as step keys print them, is one of them.
    pub(crate) fn contains(&self, path: &str) -> bool {
        self.exact.contains(path) || self.patterns.iter().any(|pattern| pattern.matches(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(text: &str) -> Segment {
        Segment::new(text.split('*').map(str::to_owned).collect())
    }

    fn pattern(text: &str) -> Pattern {
        Pattern(text.split('/').map(segment).collect())
    }

    #[test]
    fn a_star_stands_for_any_text_inside_of_one_key() {
        for (pattern_text, key, matches) in [
            ("us-*", "us-", true),
            ("us-*", "us-east", true),
            ("us-*", "eu-us-", false),
            ("*-east", "us-east", true),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "abc", true),
            ("a*a", "a", false),
            ("a*b*b", "ab", false),
            ("*", "", true),
            ("us", "us-east", false),
            ("us/*", "us/1", true),
            ("us/*", "us", false),
            ("us/*", "us/1/2", false),
            ("*/*", "us/1", true),
        ] {
            assert_eq!(pattern(pattern_text).matches(key), matches, "{pattern_text} {key}");
        }
    }

    #[test]
    fn several_stars_alone_are_one() {
        assert_eq!(segment("**"), Segment::Any);
        assert!(pattern("**/*").is_any());
    }

    #[test]
    fn the_step_of_a_node_that_is_not_mapped_has_no_key() {
        assert!(Pattern::any(0).matches(""));
        assert!(!Pattern::any(0).matches("a"));
    }

    #[test]
    fn steps_that_are_there_are_not_added() {
        let mut steps = Steps::default();
        assert!(steps.add(&pattern("us/1")));
        assert!(!steps.add(&pattern("us/1")));
        assert!(steps.contains("us/1") && !steps.contains("us/2"));
        assert!(steps.add(&pattern("us/*")));
        assert!(!steps.add(&pattern("us/2")));
        assert!(steps.contains("us/2") && !steps.is_all());
        assert!(steps.add(&pattern("*/*")));
        assert!(!steps.add(&pattern("*/1")));
        assert!(steps.is_all());
    }
}
