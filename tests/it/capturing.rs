//! An op knows how to keep what it takes and gives, where the types say how.

use std::path::PathBuf;

use dynagraph::codec::{Format, ValueCodec};
use dynagraph::composing::Erased;
use dynagraph::prelude::*;
use dynagraph::{OpSpec, OutputSpec};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Page<T> {
    url: String,
    body: T,
}

/// Not kept: it has no implementation of either trait.
#[derive(Debug, Clone)]
struct Connection;

/// Not kept: it can be written only.
#[derive(Debug, Clone, Serialize)]
struct Summary;

/// Not kept: it can be read only.
#[derive(Debug, Clone, Deserialize)]
struct Settings;

/// The names of the types that an op has codecs of, inputs first.
fn captured<O: Op>() -> Vec<Option<&'static str>> {
    let spec = O::spec();
    let (inputs, outputs) = spec.codecs();
    inputs.iter().copied().chain(outputs).map(|codec| codec.map(ValueCodec::type_name)).collect()
}

/// What an op has captured if it has the codecs of these types, of which `()` stands for none.
macro_rules! codecs {
    ($($ty:ty),*) => {
        [$(Some(std::any::type_name::<$ty>()).filter(|name| *name != "()")),*]
    };
}

mod ops {
    #![expect(dead_code, reason = "they are looked at, and not run")]

    use super::*;

    #[op]
    pub(super) fn kept(url: String, limit: u64) -> Page<Vec<u8>> {
        Page { url, body: vec![0; usize::try_from(limit).unwrap_or(0)] }
    }

    #[op]
    pub(super) fn borrowed(pages: &[Page<u8>], name: &str, path: &std::path::Path) -> Option<f64> {
        (pages.is_empty() && path.ends_with(name)).then_some(0.5)
    }

    #[op]
    pub(super) async fn by_connection(
        _connection: Connection,
        _page: Page<Connection>,
    ) -> Result<Summary, OpError> {
        Ok(Summary)
    }

    #[op]
    pub(super) fn half(settings: Settings, _summary: &Summary) -> Settings {
        settings
    }

    #[op(optional)]
    pub(super) fn maybe(n: u8) -> Option<u8> {
        Some(n)
    }

    #[op]
    pub(super) fn list(_connection: &Connection) -> Vec<DynamicOutput<Page<()>>> {
        vec![]
    }

    #[op]
    pub(super) fn iterate() -> impl Iterator<Item = DynamicOutput<char>> {
        std::iter::empty()
    }

    #[op(out(total, parts))]
    pub(super) fn several(
        ctx: OpContext,
        _found: DynamicOut<PathBuf>,
        text: String,
        _open: DynamicOut<Connection>,
        _settings: Resource<Settings>,
    ) -> Result<(usize, Vec<DynamicOutput<String>>), OpError> {
        ctx.heartbeat();
        Ok((text.len(), vec![]))
    }

    #[op]
    pub(super) fn for_ever(name: &'static str) -> Page<&'static str> {
        Page { url: String::new(), body: name }
    }

    #[op]
    pub(super) fn generic<T>(value: T) -> Vec<T> {
        vec![value]
    }

    #[op]
    pub(super) fn generic_of_kept<T: Serialize + DeserializeOwned>(value: T) -> Vec<T> {
        vec![value]
    }

    #[op]
    pub(super) fn generic_in_words<T>(value: T) -> Vec<T>
    where
        T: Serialize + for<'de> Deserialize<'de>,
    {
        vec![value]
    }

    #[op]
    pub(super) fn gathered(
        keyed: Keyed<u8>,
        _partial: Partial<Page<u8>>,
        _of_connections: Keyed<Connection>,
    ) -> Keyed<MappingKey> {
        keyed.keys().map(|key| (key.clone(), key.clone())).collect()
    }
}

#[test]
fn types_that_serde_knows_have_codecs() {
    assert_eq!(captured::<ops::kept>(), codecs![String, u64, Page<Vec<u8>>]);
    assert_eq!(captured::<ops::for_ever>(), codecs![&str, Page<&str>]);
    assert_eq!(captured::<ops::borrowed>(), codecs![Vec<Page<u8>>, String, PathBuf, Option<f64>]);
}

#[test]
fn other_types_have_none_and_are_asked_for_none() {
    assert_eq!(captured::<ops::by_connection>(), [None; 3]);
    assert_eq!(captured::<ops::half>(), [None; 3]);
}

#[test]
fn every_kind_of_output_has_the_codec_of_one_value() {
    assert_eq!(captured::<ops::maybe>(), codecs![u8, u8]);
    assert_eq!(captured::<ops::list>(), codecs![(), Page<()>]);
    assert_eq!(captured::<ops::iterate>(), codecs![char]);
    assert_eq!(captured::<ops::several>(), codecs![String, usize, String, PathBuf, ()]);
}

#[test]
fn a_generic_op_has_codecs_if_its_bounds_say_so() {
    assert_eq!(captured::<ops::generic<u8>>(), [None; 2]);
    assert_eq!(captured::<ops::generic_of_kept<u8>>(), codecs![u8, Vec<u8>]);
    assert_eq!(captured::<ops::generic_in_words<u8>>(), codecs![u8, Vec<u8>]);
}

#[test]
fn what_collects_give_has_codecs() {
    assert_eq!(
        captured::<ops::gathered>(),
        codecs![Keyed<u8>, Partial<Page<u8>>, (), Keyed<MappingKey>]
    );
}

/// The methods of a user's own trait are no answer.
mod taken_names {
    #![expect(dead_code, reason = "it is looked at, and not run")]

    use dynagraph::prelude::*;

    pub(super) trait Captured {
        fn captured(&self) -> u8 {
            1
        }

        fn codec(&self) -> u8 {
            2
        }
    }

    impl<T: ?Sized> Captured for T {}

    #[op]
    pub(super) fn kept(number: u8) -> super::Connection {
        assert_eq!(number.captured() + number.codec(), 3);
        super::Connection
    }
}

#[test]
fn names_of_methods_may_be_taken() {
    assert_eq!(captured::<taken_names::kept>(), codecs![u8, ()]);
}

#[test]
fn a_captured_codec_writes_and_reads() {
    let codec = ops::kept::spec().codecs().1[0].unwrap();
    let page = Page { url: "a".to_owned(), body: vec![1_u8, 2] };
    let value = Erased::new(page);
    for format in [Format::MessagePack, Format::Json] {
        let (mut bytes, mut again) = (Vec::new(), Vec::new());
        codec.encode(&value, format, &mut bytes).unwrap();
        let read = codec.decode(&bytes, format).unwrap();
        codec.encode(&read, format, &mut again).unwrap();
        assert_eq!(again, bytes);
    }
}

#[test]
fn an_op_by_hand_says_its_codecs() {
    let of = ValueCodec::of::<u8>();
    let outputs = [OutputSpec::plain("a").with_codec(of), OutputSpec::dynamic("b")];
    let spec = OpSpec::new(&["x", "y"]).input_codecs(&[None, Some(of)]).outputs(outputs);
    assert_eq!(spec.codecs(), (&[None, Some(of)][..], vec![Some(of), None]));
}
