//! The page of all limits: each number on it is that of the code.

use std::fs;

use kostorrent_tests::programs;

/// A row of the page: the file it is about, what stands in its second and third column.
#[derive(Debug, PartialEq)]
struct Row<'a> {
    file: &'a str,
    value: &'a str,
    name: &'a str,
}

/// The rows of all tables. A sentence that ends with a colon names the file of the next one.
fn rows(page: &str) -> Vec<Row<'_>> {
    let (mut rows, mut file) = (Vec::new(), "");
    for line in page.lines() {
        if line.ends_with(':') {
            let path = line.split('`').find(|part| part.ends_with(".rs"));
            file = path.unwrap_or_default();
        }
        let mut cells = line.split('|').map(str::trim).skip(1);
        let (Some(_), Some(value), Some(name)) = (cells.next(), cells.next(), cells.next()) else {
            continue;
        };
        if let Some(name) = name
            .strip_prefix('`')
            .and_then(|name| name.strip_suffix('`'))
        {
            rows.push(Row { file, value, name });
        }
    }
    rows
}

/// `20 s` and `1 MiB` as a number of milliseconds or of bytes.
fn shown(value: &str) -> Option<u64> {
    let (number, unit) = value.split_once(' ').unwrap_or((value, ""));
    let unit = match unit {
        "" | "ms" => 1,
        "s" => 1_000,
        "min" => 60 * 1_000,
        "h" => 60 * 60 * 1_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        _ => return None,
    };
    Some(number.replace(',', "").parse::<u64>().ok()? * unit)
}

/// What a constant, or a field of one, is in the code: a product, a shift, or a time.
fn in_code(source: &str, name: &str) -> Option<u64> {
    let mut values = source.lines().filter_map(|line| {
        let line = line.trim();
        if let Some((_, rest)) = line.split_once(&format!("const {name}: ")) {
            return rest.split_once(" = ")?.1.strip_suffix(';');
        }
        line.strip_prefix(&format!("{name}: "))?.strip_suffix(',')
    });
    values.find_map(|value| {
        let time = value.strip_suffix(')').and_then(|value| {
            let value = value.strip_prefix("Duration::from_")?;
            let seconds = value.strip_prefix("secs(").map(|value| (value, 1_000));
            seconds.or_else(|| Some((value.strip_prefix("millis(")?, 1)))
        });
        let (value, unit) = time.unwrap_or((value, 1));
        let (value, shift) = value.split_once(" << ").unwrap_or((value, "0"));
        let factors = value
            .split(" * ")
            .map(|factor| factor.replace('_', "").parse::<u64>().ok());
        Some((factors.product::<Option<u64>>()? << shift.parse::<u32>().ok()?) * unit)
    })
}

#[test]
fn every_limit_is_that_of_the_code() {
    let root = programs::root();
    let page = fs::read_to_string(root.join("book/src/reference/limits.md")).unwrap();
    let rows = rows(&page);
    assert!(rows.len() > 40, "{rows:?}");
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            let source = fs::read_to_string(root.join(row.file)).unwrap_or_default();
            let (shown, is) = (shown(row.value), in_code(&source, row.name));
            (shown.is_none() || shown != is).then(|| format!("{row:?}: the code has {is:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn a_row_is_read_and_a_constant_found() {
    let page = "In `a/b.rs`:\n\n| what | at most | name |\n| --- | --- | --- |\n| bytes | 2 MiB | `MOST` |\n";
    let row = Row {
        file: "a/b.rs",
        value: "2 MiB",
        name: "MOST",
    };
    assert_eq!(rows(page), [row]);
    let source = "const LEAST: u32 = 1 << 22;\n    pub const MOST: usize = 2 * 1024 * 1024;\nconst PAUSE: Duration = \
                  Duration::from_secs(5 * 60);\nconst BIT: Duration = \
                  Duration::from_millis(1 << 3);\n    most: 1_000,\n";
    let found = ["LEAST", "MOST", "PAUSE", "BIT", "most", "none"].map(|name| in_code(source, name));
    let expected = [
        Some(1 << 22),
        Some(2 << 20),
        Some(300_000),
        Some(8),
        Some(1_000),
        None,
    ];
    assert_eq!(found, expected);
    assert_eq!(
        ["2 MiB", "5 min", "8 ms", "1,000", "5 weeks"].map(shown),
        [Some(2 << 20), Some(300_000), Some(8), Some(1_000), None]
    );
}
