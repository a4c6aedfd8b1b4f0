//! What a test said, made short enough to be read.

/// Lines of what a test said.
const LINES: usize = 8;

/// How wide they may be.
const WIDTH: usize = 110;

/// What stands above a comparison of two values, line by line: those that begin with `<` or `>` differ.
const COMPARISON: &str = "Diff < left / right > :";

/// Letters that are shown before two values begin to differ.
const LETTERS: usize = 20;

/// The lines of what a test said that are shown. Two large values that are compared are shown where they begin to
/// differ, and not from where they begin.
pub(super) fn shown(said: &str) -> Vec<String> {
    let lines: Vec<&str> = said.lines().collect();
    let lines = from_where_sides_differ(&from_first_difference(&lines));
    let cut = |line: &String| line.chars().take(WIDTH).collect();
    lines.iter().take(LINES).map(cut).collect()
}

/// The lines without those of a comparison in which both values are alike, up to the one before the first difference.
/// They stay as they are if the difference is seen anyway.
fn from_first_difference<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let Some(above) = lines.iter().position(|line| line.trim_end() == COMPARISON) else {
        return lines.to_vec();
    };
    let (head, values) = lines.split_at(above + 1);
    let differs = |line: &&str| line.starts_with(['<', '>']);
    match values.iter().position(differs) {
        // One line is not enough: the other value is to be seen as well.
        Some(first) if first > 1 && head.len() + first + 1 >= LINES => {
            [head, &[" …"], &values[first - 1..]].concat()
        }
        _ => lines.to_vec(),
    }
}

/// The lines, but of a `left:` and the `right:` below it that are too long, what comes before they differ is left out.
fn from_where_sides_differ(lines: &[&str]) -> Vec<String> {
    let mut shown: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    for at in 1..lines.len() {
        let (above, below) = (lines[at - 1], lines[at]);
        let sides = (side(above, "left: "), side(below, "right: "));
        let (Some((name, left)), Some((other, right))) = sides else {
            continue;
        };
        let alike = left.chars().zip(right.chars()).take_while(|(l, r)| l == r);
        let skipped = alike.count().saturating_sub(LETTERS);
        let is_long = |line: &str| line.chars().count() > WIDTH;
        if skipped > WIDTH / 2 && (is_long(above) || is_long(below)) {
            let rest = |value: &str| value.chars().skip(skipped).collect::<String>();
            shown[at - 1] = format!("{name}…{}", rest(left));
            shown[at] = format!("{other}…{}", rest(right));
        }
    }
    shown
}

/// A line's beginning up to the end of `name`, and the value after it.
fn side<'a>(line: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let is_first = line.trim_start().starts_with(name);
    let end = line.find(name)? + name.len();
    is_first.then(|| line.split_at(end))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_long_comparison_is_shown_where_it_begins_to_differ() {
        let alike: String = (0..40).map(|n| format!("     {n},\n")).collect();
        let said = format!(
            "assertion failed: `(left == right)`\n\n{COMPARISON}\n [\n{alike}<    7,\n>    8,\n ]"
        );
        assert_eq!(
            shown(&said),
            [
                "assertion failed: `(left == right)`",
                "",
                COMPARISON,
                " …",
                "     39,",
                "<    7,",
                ">    8,",
                " ]"
            ]
        );
    }

    #[test]
    fn a_short_comparison_is_shown_whole() {
        let said = format!("assertion failed\n\n{COMPARISON}\n [\n<    7,\n>    8,\n ]");
        assert_eq!(shown(&said), said.lines().collect::<Vec<_>>());
        // What it does not end with is not shown.
        let long = said.clone() + "\nand\nso\non";
        assert_eq!(shown(&long), shown(&(said + "\nand")));
    }

    #[test]
    fn two_long_values_are_shown_where_they_differ() {
        let alike = "0".repeat(200);
        let said = format!("no\n  left: `{alike}1, and so on`,\n right: `{alike}2`");
        let zeros = "0".repeat(20);
        assert_eq!(
            shown(&said),
            [
                "no".to_owned(),
                format!("  left: …{zeros}1, and so on`,"),
                format!(" right: …{zeros}2`")
            ]
        );
        assert_eq!(shown("left: 1\nright: 2"), ["left: 1", "right: 2"]);
        // A difference that is seen anyway needs no mending, and a line is cut in any case.
        let wide = "x".repeat(200);
        let cut = |line: &str| line[..WIDTH].to_owned();
        let (left, right) = (format!("left: a{wide}"), format!("right: b{wide}"));
        assert_eq!(
            shown(&format!("{left}\n{right}")),
            [cut(&left), cut(&right)]
        );
    }
}
