//! Durations as people write them: `200ms`, `1.5s`, `1m 30s`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::LitStr;

use crate::args::Arg;
use crate::errors::Errors;

/// A duration, printed as the code that makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Nanos(u64);

/// Why a text is no duration.
#[derive(Debug, PartialEq, Eq)]
enum Mistake {
    Form,
    TooLong,
    TooFine,
}

/// Each unit in nanoseconds. The micro sign and the Greek letter look alike.
const UNITS: [(&str, u128); 9] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60 * 1_000_000_000),
    ("h", 3_600 * 1_000_000_000),
    ("d", 86_400 * 1_000_000_000),
];

/// Judges an argument that is a duration.
pub(crate) fn duration(arg: &Arg<LitStr>, errors: &mut Errors) -> Option<Nanos> {
    let text = arg.value.as_ref()?;
    let message = match parse(&text.value()) {
        Ok(duration) => return Some(duration),
        Err(Mistake::Form) => {
            "write a duration as numbers with a unit, such as `200ms`, `1.5s` or `1m 30s`: \
             the units are `ns`, `us`, `ms`, `s`, `m`, `h` and `d`"
        }
        Err(Mistake::TooLong) => "a duration is at most 584 years",
        Err(Mistake::TooFine) => "a duration is a whole number of nanoseconds",
    };
    errors.push(text, message);
    None
}

fn parse(text: &str) -> Result<Nanos, Mistake> {
    let mut rest = text.trim();
    let mut total = 0;
    loop {
        let (number, after) = split(rest, |c| c.is_ascii_digit() || c == '.');
        let (unit, after) = split(after.trim_start(), char::is_alphabetic);
        total = part(number, unit)?.checked_add(total).ok_or(Mistake::TooLong)?;
        rest = after.trim_start();
        if rest.is_empty() {
            return u64::try_from(total).map(Nanos).map_err(|_| Mistake::TooLong);
        }
    }
}

/// Splits a text where it is no longer made of these.
fn split(text: &str, is_in: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !is_in(c)).unwrap_or(text.len()))
}

/// The nanoseconds of one number with its unit.
fn part(number: &str, unit: &str) -> Result<u128, Mistake> {
    let (_, nanos) = UNITS.iter().find(|(name, _)| *name == unit).ok_or(Mistake::Form)?;
    // The number is digits and dots.
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || fraction.is_empty() || fraction.contains('.') {
        return Err(Mistake::Form);
    }
    let whole: u128 = whole.parse().map_err(|_| Mistake::TooLong)?;
    let whole = whole.checked_mul(*nanos).ok_or(Mistake::TooLong)?;
    let part = fraction_of(*nanos, fraction.trim_end_matches('0')).ok_or(Mistake::TooFine)?;
    whole.checked_add(part).ok_or(Mistake::TooLong)
}

/// What these digits after the dot are of a unit. None if that is no whole number.
fn fraction_of(unit: u128, digits: &str) -> Option<u128> {
    let scale = 10_u128.checked_pow(digits.len().try_into().ok()?)?;
    let numerator = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    let scaled = unit.checked_mul(numerator)?;
    scaled.is_multiple_of(scale).then(|| scaled / scale)
}

impl Nanos {
    pub(crate) const ZERO: Self = Self(0);
}

impl ToTokens for Nanos {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self(nanos) = self;
        tokens.extend(quote!(::core::time::Duration::from_nanos(#nanos)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit_is_a_duration() {
        for (text, nanos) in [
            ("0s", 0),
            ("1ns", 1),
            ("2us", 2_000),
            ("2\u{b5}s", 2_000),
            ("2\u{3bc}s", 2_000),
            ("200ms", 200_000_000),
            ("30s", 30_000_000_000),
            ("1m", 60_000_000_000),
            ("1h", 3_600_000_000_000),
            ("1d", 86_400_000_000_000),
            ("007s", 7_000_000_000),
            (" 30 s ", 30_000_000_000),
        ] {
            assert_eq!(parse(text), Ok(Nanos(nanos)), "{text}");
        }
    }

    #[test]
    fn parts_are_added() {
        for text in ["1m30s", "1m 30s", "30s 1m", "1m 29s 1000ms", "45s45s"] {
            assert_eq!(parse(text), Ok(Nanos(90_000_000_000)), "{text}");
        }
    }

    #[test]
    fn decimals_are_exact() {
        let zeros = "0".repeat(100);
        for (text, nanos) in [
            ("1.5s", 1_500_000_000),
            ("0.1s", 100_000_000),
            ("0.001h", 3_600_000_000),
            ("0.00000000005d", 4_320),
            ("0.000000001s", 1),
            ("3.0ns", 3),
            (&format!("{zeros}1.5{zeros}s"), 1_500_000_000),
        ] {
            assert_eq!(parse(text), Ok(Nanos(nanos)), "{text}");
        }
        let digits = format!("0.{}s", "1".repeat(100));
        for text in ["0.5ns", "1.0000000001s", "0.0000000000001m", &digits] {
            assert_eq!(parse(text), Err(Mistake::TooFine), "{text}");
        }
    }

    #[test]
    fn the_longest_is_a_word_of_nanoseconds() {
        let longest = u64::MAX;
        assert_eq!(parse(&format!("{longest}ns")), Ok(Nanos(longest)));
        assert_eq!(parse("213503d"), Ok(Nanos(213_503 * 86_400 * 1_000_000_000)));
        let digits = format!("{}d", "9".repeat(100));
        for text in [&format!("{longest}ns 1ns"), "213504d", "18446744073709551616ns", &digits] {
            assert_eq!(parse(text), Err(Mistake::TooLong), "{text}");
        }
        let longest = u128::MAX;
        assert_eq!(parse(&format!("{longest}d")), Err(Mistake::TooLong));
        assert_eq!(parse(&format!("{longest}ns {longest}ns")), Err(Mistake::TooLong));
        assert_eq!(parse(&format!("{longest}.5s")), Err(Mistake::TooLong));
    }

    #[test]
    fn what_is_written_otherwise_is_no_duration() {
        for text in [
            "",
            " ",
            "5",
            "s",
            "ms 5",
            "-1s",
            "+1s",
            "1e3s",
            "1_000s",
            "1,5s",
            ".5s",
            "5.s",
            "1.5.5s",
            "1 0s",
            "1. 5s",
            "5M",
            "5S",
            "5min",
            "5y",
            "5w",
            "1s,",
            "1s and 2s",
            "1m 30",
            "\u{ff15}s",
            "5\u{b2}s",
        ] {
            assert_eq!(parse(text), Err(Mistake::Form), "{text:?}");
        }
    }
}
