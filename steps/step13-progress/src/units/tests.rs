use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;

#[test]
fn bytes_have_three_figures_or_so() {
    for (count, text) in [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (10_188, "9.9 KiB"),
        (10_189, "10 KiB"),
        (1023 * 1024 / 2, "512 KiB"),
        (1_023_488, "1.0 MiB"),
        (1 << 20, "1.0 MiB"),
        (1_468_006, "1.4 MiB"),
        (5 << 30, "5.0 GiB"),
        (100 << 30, "100 GiB"),
        (3 << 40, "3.0 TiB"),
        (u64::MAX, "16 EiB"),
    ] {
        assert_eq!(bytes(count), text, "{count}");
    }
    assert_eq!(rate(3_355_443), "3.2 MiB/s");
}

#[test]
fn durations_have_two_units() {
    for (seconds, text) in [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 m 00 s"),
        (125, "2 m 05 s"),
        (3_599, "59 m 59 s"),
        (3_720, "1 h 02 m"),
        (86_400, "1 d 00 h"),
        (3 * 86_400 + 4 * 3_600, "3 d 04 h"),
        (100 * 86_400, "100 d"),
        (u64::MAX, "213503982334601 d"),
    ] {
        assert_eq!(duration(Duration::from_secs(seconds)), text);
    }
    assert_eq!(duration(Duration::from_millis(59_999)), "59 s");
}

#[test]
fn the_rest_takes_as_long_as_it_takes() {
    assert_eq!(eta(1_000, 100), Some(Duration::from_secs(10)));
    assert_eq!(eta(1_001, 100), Some(Duration::from_secs(11)));
    assert_eq!(eta(0, 100), Some(Duration::ZERO));
    assert_eq!(eta(1_000, 0), None);
    assert_eq!(eta(u64::MAX, 1), Some(Duration::from_secs(u64::MAX)));
}

#[test]
fn a_rate_is_read_as_a_person_writes_it() {
    for (text, rate) in [
        ("0", 0),
        ("100000", 100_000),
        ("500K", 512_000),
        ("500k", 512_000),
        ("1.5M", 1_572_864),
        ("2G", 2 << 30),
        ("0.5k", 512),
        ("1.9", 1),
        ("18446744073709551615", u64::MAX),
    ] {
        assert_eq!(parse_rate(text), Ok(rate), "{text}");
    }
}

#[test]
fn what_is_no_rate_is_refused() {
    for text in [
        "", "K", ".", "1.", ".5", "-1", "+1", "1e3", "5 K", "5KB", "1.5.2", "0x10", "١", "K5",
        "5K ", "inf", "NaN", "1,5M", "5é",
    ] {
        assert_eq!(
            parse_rate(text),
            Err(RateError::NotARate(text.to_owned())),
            "{text}"
        );
    }
    for text in ["18446744073709551616", "17179869184G"] {
        assert_eq!(parse_rate(text), Err(RateError::TooLarge(text.to_owned())));
    }
    assert_eq!(
        parse_rate("fast").unwrap_err().to_string(),
        "`fast` is no rate: write bytes a second, with K, M or G for powers of 1024, as in 500K or 1.5M"
    );
}

proptest! {
    #[test]
    fn any_text_is_a_rate_or_refused(text in ".{0,12}") {
        let _ = parse_rate(&text);
    }

    #[test]
    fn any_number_of_bytes_is_at_most_eight_columns(count in any::<u64>()) {
        prop_assert!(bytes(count).len() <= 8);
    }
}

#[test]
fn a_part_has_the_unit_once_where_it_is_the_same() {
    assert_eq!(part(312 << 10, 684 << 10), "312 of 684 KiB");
    assert_eq!(part(900 << 10, 4 << 20), "900 KiB of 4.0 MiB");
    assert_eq!(part(0, 4 << 20), "0 B of 4.0 MiB");
}

#[test]
fn a_ratio_of_one_is_one_only_when_all_was_given_back() {
    assert_eq!(ratio(0, 0), "-");
    assert_eq!(ratio(0, 5), "0.00");
    assert_eq!(ratio(999_999, 1_000_000), "0.99");
    assert_eq!(ratio(1_000_000, 1_000_000), "1.00");
    assert_eq!(ratio(125, 10), "12.5");
    assert_eq!(ratio(14_099, 100), "140");
    assert_eq!(ratio(u64::MAX, 1), "18446744073709551616");
}
