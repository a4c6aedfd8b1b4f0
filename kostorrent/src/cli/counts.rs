//! How many have a torrent, in a part of a sentence.

use metainfo::text::grouped;
use tracker::Counts;

/// As `3 seeders and 1 leecher, 20 have completed it`; nothing, where nothing is known.
pub(crate) fn words(counts: Counts) -> Option<String> {
    let several = |count: Option<u32>, one: &str| {
        let s = if count == Some(1) { "" } else { "s" };
        count.map(|count| format!("{} {one}{s}", grouped(count.into())))
    };
    let now = [
        several(counts.seeders, "seeder"),
        several(counts.leechers, "leecher"),
    ];
    let now: Vec<String> = now.into_iter().flatten().collect();
    let now = (!now.is_empty()).then(|| now.join(" and "));
    let completed = counts.completed.map(|count| match count {
        1 => "1 has completed it".to_owned(),
        _ => format!("{} have completed it", grouped(count.into())),
    });
    let all: Vec<String> = now.into_iter().chain(completed).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn counts(numbers: [Option<u32>; 3]) -> Counts {
        let [seeders, leechers, completed] = numbers;
        Counts {
            seeders,
            leechers,
            completed,
        }
    }

    #[test]
    fn what_is_known_is_a_part_of_a_sentence() {
        for (numbers, expected) in [
            ([None; 3], None),
            ([Some(1), None, None], Some("1 seeder")),
            (
                [Some(1_200), Some(1), None],
                Some("1,200 seeders and 1 leecher"),
            ),
            (
                [Some(0), Some(0), Some(1)],
                Some("0 seeders and 0 leechers, 1 has completed it"),
            ),
            ([None, None, Some(20)], Some("20 have completed it")),
        ] {
            assert_eq!(words(counts(numbers)).as_deref(), expected);
        }
    }
}
