//! Keys for tests.

use super::MappingKey;

/// Integers and text of all lengths, some of them doubled, in stretches that ascend.
pub(super) fn random_keys(random: &mut fastrand::Rng) -> Vec<MappingKey> {
    let mut keys = Vec::new();
    let range = 1 << random.u32(2..24);
    for _ in 0..random.u32(0..20) {
        let first = random.i64(0..range);
        let kind = random.u8(0..7);
        for number in first..first + random.i64(0..8) {
            keys.push(match kind {
                0 => number.into(),
                1 => number.to_string().into(),
                2 => (-number).into(),
                3 => (1_700_000_000_000_000_000 + number).into(),
                4 => format!("page-{number}").into(),
                5 => format!("{number:08}-é").into(),
                _ => format!("a/rather/long/name/{number}").into(),
            });
        }
    }
    keys
}
