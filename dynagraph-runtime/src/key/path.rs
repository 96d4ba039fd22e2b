//! Where a copy stands: the keys above it, outermost first.

use std::cmp::Ordering;
use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::MappingKey;
use super::text::Written;

/// The mapping keys of one copy, outermost first.
///
/// A step that is not mapped has the empty path.
#[derive(Clone, Default)]
pub struct KeyPath(Option<Link>);

/// A path that paths go on from. They share it.
#[derive(Debug, Clone)]
pub(crate) struct SharedPath(Option<Arc<Link>>);

#[derive(Debug, Clone)]
struct Link {
    parent: Option<Arc<Self>>,
    key: MappingKey,
    /// The place of the key in the order of emission.
    index: u64,
}

impl KeyPath {
    pub(crate) const ROOT: Self = Self(None);

    /// The path of a step that is not mapped.
    pub fn root() -> Self {
        Self::ROOT
    }

    /// This path with one more key below it.
    pub(crate) fn child(&self, key: MappingKey, index: u64) -> Self {
        self.shared().child(key, index)
    }

    /// This path, so that others go on from it.
    pub(crate) fn shared(&self) -> SharedPath {
        SharedPath(self.0.clone().map(Arc::new))
    }

    /// Whether the step is not mapped.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// How many maps the step is inside of.
    pub fn len(&self) -> usize {
        self.links().count()
    }

    /// The keys, outermost first.
    pub fn keys(&self) -> Vec<MappingKey> {
        let mut keys: Vec<_> = self.links().map(|link| link.key.clone()).collect();
        keys.reverse();
        keys
    }

    /// The path as one key, `outer/inner`. The empty path has none.
    pub(crate) fn to_key(&self) -> Option<MappingKey> {
        let mut keys = self.keys().into_iter();
        let first = keys.next()?;
        Some(keys.fold(first, |outer, inner| MappingKey::join(&outer, &inner)))
    }

    /// The places of the keys in the order of emission, outermost first.
    pub(crate) fn indexes(&self) -> Vec<u64> {
        let mut indexes: Vec<_> = self.links().map(|link| link.index).collect();
        indexes.reverse();
        indexes
    }

    /// Calls `each` with every key, outermost first.
    pub(super) fn each(&self, each: &mut impl FnMut(&MappingKey)) {
        if let Some(link) = &self.0 {
            link.each(each);
        }
    }

    fn links(&self) -> impl Iterator<Item = &Link> {
        std::iter::successors(self.0.as_ref(), |link| link.parent.as_deref())
    }

    /// The order of emission, by the outermost key that differs. For paths of the same length.
    pub(crate) fn by_places(&self, other: &Self) -> Ordering {
        Link::by_places(self.0.as_ref(), other.0.as_ref())
    }
}

impl SharedPath {
    /// This path with one more key below it.
    #[inline]
    pub(crate) fn child(&self, key: MappingKey, index: u64) -> KeyPath {
        KeyPath(Some(Link { parent: self.0.clone(), key, index }))
    }
}

impl Link {
    fn each(&self, each: &mut impl FnMut(&MappingKey)) {
        if let Some(parent) = &self.parent {
            parent.each(each);
        }
        each(&self.key);
    }

    fn by_places(a: Option<&Self>, b: Option<&Self>) -> Ordering {
        match (a, b) {
            (Some(a), Some(b)) if !std::ptr::eq(a, b) => {
                Self::by_places(a.parent.as_deref(), b.parent.as_deref())
                    .then(a.index.cmp(&b.index))
            }
            (a, b) => a.is_some().cmp(&b.is_some()),
        }
    }
}

impl PartialEq for KeyPath {
    fn eq(&self, other: &Self) -> bool {
        self.links().map(|link| &link.key).eq(other.links().map(|link| &link.key))
    }
}

impl Eq for KeyPath {}

impl Hash for KeyPath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.links().for_each(|link| link.key.hash(state));
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, key) in self.keys().iter().enumerate() {
            if depth > 0 {
                f.write_char('/')?;
            }
            write_segment(f, key)?;
        }
        Ok(())
    }
}

impl fmt::Debug for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{self}]")
    }
}

/// Names one step of a run: `node`, `node[key]`, or `node[outer/inner]`.
///
/// In a key, the characters `/ [ ] % * ?` are percent-encoded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StepKey {
    node: Arc<str>,
    path: KeyPath,
}

impl StepKey {
    pub(crate) fn new(node: Arc<str>, path: KeyPath) -> Self {
        Self { node, path }
    }

    /// The name of the node that the step belongs to.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// The mapping keys of the step, outermost first.
    pub fn path(&self) -> &KeyPath {
        &self.path
    }
}

impl fmt::Display for StepKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&StepName(&self.node, &self.path), f)
    }
}

/// A step by its node's name and its path, as a [`StepKey`] prints.
pub(crate) struct StepName<'a>(pub(crate) &'a str, pub(crate) &'a KeyPath);

impl fmt::Display for StepName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(node, path) = self;
        f.write_str(node)?;
        if path.is_empty() {
            return Ok(());
        }
        write!(f, "[{path}]")
    }
}

/// Two keys as one path.
pub(super) fn joined(outer: &MappingKey, inner: &MappingKey) -> Written {
    let mut text = Written::EMPTY;
    // Writing to text in memory cannot fail.
    let _written = write_segment(&mut text, outer)
        .and_then(|()| text.write_char('/'))
        .and_then(|()| write_segment(&mut text, inner));
    text
}

pub(super) fn write_segment(out: &mut impl fmt::Write, key: &MappingKey) -> fmt::Result {
    let text = key.as_str();
    if key.is_path() {
        return out.write_str(text);
    }
    let mut rest = text;
    while let Some(at) = rest.bytes().position(is_reserved) {
        out.write_str(&rest[..at])?;
        write!(out, "%{:02X}", rest.as_bytes()[at])?;
        rest = &rest[at + 1..];
    }
    out.write_str(rest)
}

fn is_reserved(byte: u8) -> bool {
    matches!(byte, b'/' | b'[' | b']' | b'%' | b'*' | b'?')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_key_shows_the_node_and_the_keys_above_it() {
        let outer = KeyPath::root().child("eu/west".into(), 0);
        let inner = outer.child(7.into(), 0);
        let key = |path: &KeyPath| StepKey::new("clean".into(), path.clone()).to_string();
        assert_eq!(key(&KeyPath::root()), "clean");
        assert_eq!(key(&outer), "clean[eu%2Fwest]");
        assert_eq!(key(&inner), "clean[eu%2Fwest/7]");
    }

    #[test]
    fn every_reserved_character_is_encoded() {
        let path = KeyPath::root().child("/[]%*?".into(), 0);
        assert_eq!(path.to_string(), "%2F%5B%5D%25%2A%3F");
    }
}
