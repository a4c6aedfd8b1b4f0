//! Line charts.

use super::Figure;
use super::svg::{Svg, Width};

/// One axis, from 0 to `most`.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What it measures, with the unit.
    pub label: &'static str,
    /// Where it ends.
    pub most: f64,
    /// The distance between its marks.
    pub step: f64,
}

/// One line.
#[derive(Clone, Debug)]
pub struct Series {
    /// What it is.
    pub label: String,
    /// Its accent, `a` to `d`; with ` dash` for a broken line.
    pub class: &'static str,
    /// Points in the units of the axes, from left to right. What is outside is cut off at the right and the top.
    pub points: Vec<(f64, f64)>,
}

/// The plot's corner and size in the figure.
const LEFT: f64 = 50.0;
const TOP: f64 = 34.0;
const WIDTH: f64 = 414.0;
const HEIGHT: f64 = 250.0;

/// A chart, with a key below it.
#[must_use]
pub fn lines(name: &'static str, title: &str, x: &Axis, y: &Axis, all: &[Series]) -> Figure {
    let mut svg = Svg::new(name, title, Width::Narrow);
    let place = |(px, py): (f64, f64)| {
        (
            LEFT + WIDTH * (px / x.most).clamp(0.0, 1.0),
            TOP + HEIGHT * (1.0 - (py / y.most).clamp(0.0, 1.0)),
        )
    };
    svg.text("small", 2.0, 16.0, y.label);
    for mark in marks(y) {
        let (left, right) = (place((0.0, mark)), place((x.most, mark)));
        svg.line("grid", left, right);
        svg.text("small end", LEFT - 8.0, left.1 + 5.0, &short(mark));
    }
    for mark in marks(x) {
        let (px, _) = place((mark, 0.0));
        svg.line("grid", (px, TOP), (px, TOP + HEIGHT));
        svg.text("small mid", px, TOP + HEIGHT + 20.0, &short(mark));
    }
    svg.text("small end", LEFT + WIDTH, TOP + HEIGHT + 42.0, x.label);
    let mut key = TOP + HEIGHT + 66.0;
    for series in all {
        let inside: Vec<(f64, f64)> = series
            .points
            .iter()
            .take_while(|(px, py)| *px <= x.most && *py <= y.most)
            .map(|point| place(*point))
            .collect();
        svg.polyline(series.class, &inside);
        svg.line(series.class, (LEFT, key - 5.0), (LEFT + 34.0, key - 5.0));
        svg.text("small", LEFT + 44.0, key, &series.label);
        key += 22.0;
    }
    svg.finish(key - 12.0)
}

fn marks(axis: &Axis) -> impl Iterator<Item = f64> {
    let count = (axis.most / axis.step + 1e-9).floor() as u32;
    let step = axis.step;
    (0..=count).map(move |i| f64::from(i) * step)
}

/// A number without needless digits.
fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_chart_has_marks_lines_and_a_key() {
        let axis = |label, most, step| Axis { label, most, step };
        let series = Series {
            label: "up".to_owned(),
            class: "a",
            points: vec![(0.0, 0.0), (1.0, 5.0), (2.0, 10.0), (3.0, 15.0)],
        };
        let svg = lines(
            "99-chart",
            "A chart",
            &axis("s", 2.0, 0.5),
            &axis("MiB", 10.0, 5.0),
            &[series],
        )
        .svg;
        for part in [">0.5<", ">1.5<", ">10<", ">up<", ">MiB<"] {
            assert!(svg.contains(part), "{part}: {svg}");
        }
        // What is beyond the axes is not drawn.
        assert!(svg.contains(r#"points="50,284 257,159 464,34""#), "{svg}");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            [0.0, 0.5, 10.0, 2.25].map(short),
            ["0", "0.5", "10", "2.25"]
        );
    }
}
