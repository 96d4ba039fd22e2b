//! The parameters of a job, given as text.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::Arc;

/// One parameter of a job's function.
pub struct Parameter {
    name: &'static str,
    ty: &'static str,
    accepts: fn() -> Accepts,
}

/// What a parameter can be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Accepts {
    /// Text, which must be given.
    Text,
    /// Text, or nothing: the parameter is an `Option`.
    OptionalText,
    /// Any number of texts: the parameter is a `Vec`.
    Texts,
    /// Nothing: its type does not implement `FromStr`.
    Nothing,
}

impl Parameter {
    /// For `register_job!`.
    #[doc(hidden)]
    pub const fn new(name: &'static str, ty: &'static str, accepts: fn() -> Accepts) -> Self {
        Self { name, ty, accepts }
    }

    /// Its name; one that is a pattern is called by its place: `argument_2`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its type, as it is written.
    pub fn ty(&self) -> &'static str {
        self.ty
    }

    /// What it can be made of.
    pub fn accepts(&self) -> Accepts {
        (self.accepts)()
    }
}

/// As it is written: `limit: usize`.
impl Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.ty)
    }
}

impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

/// Text for the parameters of a job, by their names.
///
/// A parameter that is a `Vec` takes all that is given under its name, in order.
///
/// # Examples
///
/// ```
/// use dynagraph_runtime::registry::Arguments;
///
/// let given = [("bucket", "photos"), ("folder", "new"), ("folder", "old"), ("limit", "10")];
/// let arguments: Arguments = given.into_iter().collect();
/// # drop(arguments);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Arguments(BTreeMap<String, Vec<String>>);

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Arguments {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(given: I) -> Self {
        let mut arguments = Self::default();
        for (name, text) in given {
            arguments.0.entry(name.into()).or_default().push(text.into());
        }
        arguments
    }
}

/// Why a job cannot be made of its arguments.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArgumentError {
    /// The job has no such parameter.
    #[error("there is no parameter `{name}`; there {}", listed(.known))]
    #[non_exhaustive]
    Unknown {
        /// The name that was given.
        name: String,
        /// The parameters that there are.
        known: Vec<String>,
    },
    /// Parameters are not given.
    #[error("nothing is given for {}", named(.parameters))]
    #[non_exhaustive]
    Missing {
        /// The parameters.
        parameters: Vec<String>,
    },
    /// A parameter that takes one text is given several.
    #[error("`{name}` is given twice")]
    #[non_exhaustive]
    Repeated {
        /// The parameter's name.
        name: &'static str,
    },
    /// A parameter's type has no `FromStr` whose error is printable.
    #[error("`{parameter}` cannot be made of text: its type does not implement `FromStr`")]
    #[non_exhaustive]
    NotText {
        /// The parameter.
        parameter: String,
    },
    /// A parameter's type refuses the text.
    #[error("`{name}` cannot be {given:?}: {reason}")]
    #[non_exhaustive]
    Refused {
        /// The parameter's name.
        name: &'static str,
        /// The text.
        given: String,
        /// What its `FromStr` says.
        reason: String,
    },
}

fn named(parameters: &[String]) -> String {
    format!("`{}`", parameters.join("`, `"))
}

fn listed(known: &[String]) -> String {
    match known {
        [] => "are none".to_owned(),
        [one] => format!("is `{one}`"),
        known => format!("are {}", named(known)),
    }
}

impl Arguments {
    /// Judges the arguments by their names alone.
    pub(super) fn check(&self, parameters: &[Parameter]) -> Result<(), ArgumentError> {
        let texts = |parameters: &mut dyn Iterator<Item = &Parameter>| -> Vec<_> {
            parameters.map(ToString::to_string).collect()
        };
        let is_known = |name: &str| parameters.iter().any(|parameter| parameter.name == name);
        if let Some(name) = self.0.keys().find(|name| !is_known(name)) {
            let known = texts(&mut parameters.iter());
            return Err(ArgumentError::Unknown { name: name.clone(), known });
        }
        if let Some(parameter) = parameters.iter().find(|p| p.accepts() == Accepts::Nothing) {
            return Err(ArgumentError::NotText { parameter: parameter.to_string() });
        }
        let is_repeated = |parameter: &&Parameter| {
            parameter.accepts() != Accepts::Texts && self.texts(parameter.name).len() > 1
        };
        if let Some(Parameter { name, .. }) = parameters.iter().find(is_repeated) {
            return Err(ArgumentError::Repeated { name });
        }
        let is_missing = |parameter: &&Parameter| {
            parameter.accepts() == Accepts::Text && !self.0.contains_key(parameter.name)
        };
        match texts(&mut parameters.iter().filter(is_missing)) {
            missing if missing.is_empty() => Ok(()),
            parameters => Err(ArgumentError::Missing { parameters }),
        }
    }

    /// The text for each of these parameters, with its name.
    pub(super) fn in_order_of(&self, parameters: &[Parameter]) -> Arc<[(String, String)]> {
        let texts = |parameter: &Parameter| {
            let name = parameter.name;
            self.texts(name).iter().map(move |text| (name.to_owned(), text.clone()))
        };
        parameters.iter().flat_map(texts).collect()
    }

    fn texts(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.texts(name).first().map(String::as_str)
    }

    fn required(&self, name: &'static str) -> Result<&str, ArgumentError> {
        let missing = || ArgumentError::Missing { parameters: vec![name.to_owned()] };
        self.get(name).ok_or_else(missing)
    }
}

fn parse<T: FromStr<Err: Display>>(name: &'static str, given: &str) -> Result<T, ArgumentError> {
    given.parse().map_err(|reason: T::Err| ArgumentError::Refused {
        name,
        given: given.to_owned(),
        reason: reason.to_string(),
    })
}

/// Stands for a parameter's type where it is looked for what makes it of text.
#[doc(hidden)]
#[derive(Debug)]
pub struct Unparsed<T>(PhantomData<fn() -> T>);

impl<T> Unparsed<T> {
    /// For this type.
    pub const NEW: Self = Self(PhantomData);
}

/// Chooses by method resolution: a method of `&&X` is found before one of `&X`, and that before one of `X`.
#[doc(hidden)]
pub trait ParseArgument<'a, T> {
    /// What the parameter can be made of.
    fn argument_accepts(&self) -> Accepts;

    /// Makes the parameter of what is given.
    fn parse_argument(&self, given: &'a Arguments, name: &'static str) -> Result<T, ArgumentError>;
}

impl<'a, T: FromStr<Err: Display>> ParseArgument<'a, Option<T>> for &&Unparsed<Option<T>> {
    fn argument_accepts(&self) -> Accepts {
        Accepts::OptionalText
    }

    fn parse_argument(
        &self,
        given: &'a Arguments,
        name: &'static str,
    ) -> Result<Option<T>, ArgumentError> {
        given.get(name).map(|given| parse(name, given)).transpose()
    }
}

impl<'a, T: FromStr<Err: Display>> ParseArgument<'a, Vec<T>> for &&Unparsed<Vec<T>> {
    fn argument_accepts(&self) -> Accepts {
        Accepts::Texts
    }

    fn parse_argument(
        &self,
        given: &'a Arguments,
        name: &'static str,
    ) -> Result<Vec<T>, ArgumentError> {
        given.texts(name).iter().map(|given| parse(name, given)).collect()
    }
}

impl<'a> ParseArgument<'a, &'a str> for &&Unparsed<&'a str> {
    fn argument_accepts(&self) -> Accepts {
        Accepts::Text
    }

    fn parse_argument(
        &self,
        given: &'a Arguments,
        name: &'static str,
    ) -> Result<&'a str, ArgumentError> {
        given.required(name)
    }
}

impl<'a, T: FromStr<Err: Display>> ParseArgument<'a, T> for &Unparsed<T> {
    fn argument_accepts(&self) -> Accepts {
        Accepts::Text
    }

    fn parse_argument(&self, given: &'a Arguments, name: &'static str) -> Result<T, ArgumentError> {
        parse(name, given.required(name)?)
    }
}

impl<'a, T> ParseArgument<'a, T> for Unparsed<T> {
    fn argument_accepts(&self) -> Accepts {
        Accepts::Nothing
    }

    fn parse_argument(
        &self,
        _given: &'a Arguments,
        name: &'static str,
    ) -> Result<T, ArgumentError> {
        Err(ArgumentError::NotText { parameter: name.to_owned() })
    }
}
