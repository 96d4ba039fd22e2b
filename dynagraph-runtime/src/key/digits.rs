//! The digits of an integer, in place: they are asked for as text, and a key must cost no allocation.

/// The digits of an integer of few enough of them.
#[derive(Clone, Copy)]
pub(super) struct Digits {
    /// Where the text begins; it goes to the end.
    start: u8,
    text: [u8; Self::MOST],
}

/// How many digits are computed at once.
const BLOCK: usize = 8;
const BLOCK_LIMIT: u64 = 100_000_000;
/// `'0'` in every byte.
const ZEROS: u64 = u64::from_le_bytes([b'0'; BLOCK]);

impl Digits {
    /// How many there may be, with the sign.
    pub(super) const MOST: usize = 14;

    /// Those of `value`, if it has few enough.
    #[inline]
    pub(super) fn of(value: i64) -> Option<Self> {
        const ABOVE: i64 = 10_i64.pow(14);
        const BELOW: i64 = -10_i64.pow(13);
        (BELOW < value && value < ABOVE).then(|| Self::of_few(value))
    }

    #[expect(clippy::cast_possible_truncation, reason = "a place in 14 bytes")]
    fn of_few(value: i64) -> Self {
        let magnitude = value.unsigned_abs();
        let mut text = [b'0'; Self::MOST];
        let (high, low) = text.split_at_mut(Self::MOST - BLOCK);
        let mut start = if magnitude < BLOCK_LIMIT {
            let digits = block(magnitude);
            low.copy_from_slice(&(digits | ZEROS).to_le_bytes());
            // The number zero has one digit.
            high.len() + leading_zeros(digits).min(BLOCK - 1)
        } else {
            low.copy_from_slice(&(block(magnitude % BLOCK_LIMIT) | ZEROS).to_le_bytes());
            let digits = block(magnitude / BLOCK_LIMIT);
            let unused = BLOCK - high.len();
            high.copy_from_slice(&(digits | ZEROS).to_le_bytes()[unused..]);
            leading_zeros(digits) - unused
        };
        if value < 0 {
            start -= 1;
            text[start] = b'-';
        }
        Self { start: start as u8, text }
    }

    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text[usize::from(self.start)..]).unwrap_or_default()
    }
}

/// The eight digits of a number below [`BLOCK_LIMIT`], a byte each, the first in the lowest byte.
///
/// Halves the numbers side by side in the word until each is one digit.
/// The divisions are multiplications with a rounded inverse, exact for numbers this small.
fn block(value: u64) -> u64 {
    let fours = (value / 10_000) | ((value % 10_000) << 32);
    let hundreds = ((fours * 5_243) >> 19) & 0x7F_0000_007F;
    let twos = hundreds | ((fours - hundreds * 100) << 16);
    let tens = ((twos * 103) >> 10) & 0x000F_000F_000F_000F;
    tens | ((twos - tens * 10) << 8)
}

fn leading_zeros(block: u64) -> usize {
    block.trailing_zeros() as usize / BLOCK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_four_digits_is_written_at_every_place() {
        for part in 0..10_000 {
            for value in [part, part * 10_000, part * 100_000_000] {
                let digits = Digits::of(value).unwrap();
                assert_eq!(digits.as_str(), value.to_string());
            }
        }
    }

    #[test]
    fn random_integers_are_written_as_they_print() {
        let mut random = fastrand::Rng::with_seed(14);
        for _ in 0..10_000 {
            let value = random.i64(..) >> random.u32(0..64);
            let text = value.to_string();
            let digits = Digits::of(value);
            assert_eq!(digits.is_some(), text.len() <= Digits::MOST, "{value}");
            assert!(digits.is_none_or(|digits| digits.as_str() == text), "{value}");
        }
    }

    #[test]
    fn the_widest_integers_have_fourteen_digits_or_thirteen_and_a_sign() {
        for value in [0, 9, 10, -1, 10_i64.pow(8), 10_i64.pow(14) - 1, 1 - 10_i64.pow(13)] {
            assert_eq!(Digits::of(value).unwrap().as_str(), value.to_string());
        }
        for value in [10_i64.pow(14), -10_i64.pow(13), i64::MIN, i64::MAX] {
            assert!(Digits::of(value).is_none());
        }
    }
}
