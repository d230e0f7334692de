//! "Did you mean": the key an unknown one was probably meant to be.

/// The known key nearest to an unknown one: a similar name in the same section, or the same name in another, as
/// `listen` finds `server.listen`. All are full keys.
pub(super) fn nearest<'k>(unknown: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if unknown.len() > KEY_BYTES_MAX {
        return None;
    }
    let unknown = unknown.to_ascii_lowercase().replace('-', "_");
    let (section, name) = split(&unknown);
    // Two letters that changed places are two replacements.
    let distance_max = if name.len() < 4 { 1 } else { 2 };
    known
        .into_iter()
        .filter_map(|key| {
            let (other_section, other_name) = split(key);
            let is_elsewhere = section != other_section;
            let distance_max = if is_elsewhere { 0 } else { distance_max };
            distance(name, other_name, distance_max).map(|distance| (is_elsewhere, distance, key))
        })
        .min_by_key(|&(is_elsewhere, distance, _)| (is_elsewhere, distance))
        .map(|(_, _, key)| key)
}

/// No key is longer, so nothing longer resembles one.
const KEY_BYTES_MAX: usize = 128;

/// A full key's section and its own name.
fn split(key: &str) -> (&str, &str) {
    key.rsplit_once('.').unwrap_or(("", key))
}

/// How many characters must be added, removed or replaced to make one text of the other (Levenshtein),
/// if it is at most `distance_max`.
fn distance(from: &str, to: &str, distance_max: usize) -> Option<usize> {
    if from.len().abs_diff(to.len()) > distance_max * char::MAX.len_utf8() {
        return None;
    }
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    if from.len().abs_diff(to.len()) > distance_max {
        return None;
    }
    // One row of the table: what it takes to make each beginning of `to` of the characters of `from` so far.
    let mut row: Vec<usize> = (1..=to.len()).collect();
    let mut distance = to.len();
    for (i, a) in from.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (b, cell) in to.iter().zip(&mut row) {
            let replaced = diagonal + usize::from(a != b);
            diagonal = *cell;
            left = replaced.min(left + 1).min(diagonal + 1);
            *cell = left;
        }
        distance = left;
    }
    (distance <= distance_max).then_some(distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_is_found() {
        const KNOWN: [&str; 5] = [
            "server.listen",
            "server.limits.body_bytes_max",
            "api.limits.message_chars_max",
            "log.level",
            "log.format",
        ];
        for (unknown, expected) in [
            ("server.listn", Some("server.listen")),
            ("server.LISTEN", Some("server.listen")),
            ("server.limits.body-bytes-max", Some("server.limits.body_bytes_max")),
            ("server.limits.body_byte_max", Some("server.limits.body_bytes_max")),
            ("message_chars_max", Some("api.limits.message_chars_max")),
            ("server.message_chars_max", Some("api.limits.message_chars_max")),
            ("log.levle", Some("log.level")),
            ("server.lvel", None),
            ("log.colour", None),
            ("", None),
            ("설정", None),
        ] {
            assert_eq!(nearest(unknown, KNOWN), expected, "{unknown}");
        }
        assert_eq!(nearest(&"a".repeat(1 << 20), KNOWN), None);
    }

    #[test]
    fn distances_are_levenshtein() {
        for (from, to, expected) in [
            ("kitten", "sitting", Some(3)),
            ("", "abc", Some(3)),
            ("abc", "", Some(3)),
            ("same", "same", Some(0)),
            ("flaw", "lawn", Some(2)),
            ("abcd", "wxyz", None),
        ] {
            assert_eq!(distance(from, to, 3), expected, "{from} {to}");
        }
    }
}
