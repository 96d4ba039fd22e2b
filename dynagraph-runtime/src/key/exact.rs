//! Keys and paths as text that gives them back exactly, for those who store them.
//!
//! It is what is printed, except that inside a key which is itself a path the parts are joined by `?`: `a/b` are two keys,
//! `a?b` is one. In a key made from text, both characters are percent-encoded.

use super::path::write_segment;
use super::text::ShortText;
use super::{KeyPath, MappingKey, Repr};

impl KeyPath {
    /// Appends the path as text from which [`KeyPath::from_exact`] makes it again.
    ///
    /// The empty path is the empty text. The places of the keys in the order of emission are no part of it.
    ///
    /// # Examples
    ///
    /// ```
    /// use dynagraph_runtime::KeyPath;
    ///
    /// let path = KeyPath::from_exact("eu%2Fwest/7").unwrap();
    /// assert_eq!(path.keys(), ["eu/west", "7"]);
    /// let mut text = String::new();
    /// path.write_exact(&mut text);
    /// assert_eq!(text, "eu%2Fwest/7");
    /// ```
    pub fn write_exact(&self, out: &mut String) {
        let start = out.len();
        self.each(&mut |key| {
            if out.len() > start {
                out.push('/');
            }
            key.write_exact(out);
        });
    }

    /// The path that [`KeyPath::write_exact`] wrote as this text. Other text gives nothing.
    pub fn from_exact(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::root());
        }
        text.split('/')
            .try_fold(Self::root(), |path, key| Some(path.child(MappingKey::from_exact(key)?, 0)))
    }
}

impl MappingKey {
    /// Appends the key as text from which [`MappingKey::from_exact`] makes it again.
    pub fn write_exact(&self, out: &mut String) {
        let start = out.len();
        // Writing to text in memory cannot fail.
        let _written = write_segment(out, self);
        if self.is_path() {
            let parts = out[start..].replace('/', "?");
            out.truncate(start);
            out.push_str(&parts);
        }
    }

    /// The key that [`MappingKey::write_exact`] wrote as this text. Other text gives nothing.
    pub fn from_exact(text: &str) -> Option<Self> {
        if text.is_empty() || text.contains(['/', '[', ']', '*']) {
            return None;
        }
        if text.contains('?') {
            return Some(Self::from_path(&text.replace('?', "/")));
        }
        if text.contains('%') { decoded(text).map(Self::from) } else { Some(Self::from(text)) }
    }

    fn from_path(path: &str) -> Self {
        Self(ShortText::new(path).map_or_else(|| Repr::LongPath(path.into()), Repr::Path))
    }
}

/// The text without its percent-encoding.
fn decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut out = parts.next()?.to_owned();
    for part in parts {
        let (code, rest) = part.split_at_checked(2)?;
        out.push(char::from(u8::from_str_radix(code, 16).ok()?));
        out.push_str(rest);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::random::random_keys;

    fn exact(path: &KeyPath) -> String {
        let mut text = String::new();
        path.write_exact(&mut text);
        text
    }

    /// S1, S3
    #[test]
    fn every_path_comes_back() {
        let mut random = fastrand::Rng::with_seed(5);
        let hard = ["/[]%*?", "a/b", "%2F", "a?b", "é日本", " ", "-0", "007", "%"];
        for _ in 0..500 {
            let mut keys = random_keys(&mut random);
            keys.extend(hard.map(MappingKey::from));
            keys.push("k/".repeat(500).as_str().into());
            random.shuffle(&mut keys);
            let mut path = KeyPath::root();
            for key in keys.iter().take(random.usize(..5)) {
                let key = match random.u8(..3) {
                    0 => MappingKey::join(key, &keys[0]),
                    1 => MappingKey::join(key, &keys[0]).emitted(),
                    _ => key.clone(),
                };
                path = path.child(key, 7);
            }
            let again = KeyPath::from_exact(&exact(&path)).unwrap();
            assert_eq!(again, path);
            assert_eq!(again.to_string(), path.to_string());
        }
    }

    #[test]
    fn one_key_that_is_a_path_is_not_two_keys() {
        let one = KeyPath::root().child(MappingKey::join(&"a/b".into(), &1.into()), 0);
        let two = KeyPath::root().child("a/b".into(), 0).child(1.into(), 0);
        assert_eq!((exact(&one).as_str(), exact(&two).as_str()), ("a%2Fb?1", "a%2Fb/1"));
        assert_eq!(KeyPath::from_exact("a%2Fb?1"), Some(one));
    }

    #[test]
    fn other_text_is_no_path() {
        for text in ["a//b", "/", "a%2", "a%", "a%é", "a%zz", "a[1]", "*"] {
            assert_eq!(KeyPath::from_exact(text), None, "{text}");
        }
        assert_eq!(KeyPath::from_exact(""), Some(KeyPath::root()));
    }
}
