//! Writes SVG as the book wants it: one block without blank lines, colours by the classes of its stylesheet.

use std::fmt::Write as _;

use super::Figure;

/// How wide a figure is, in its own units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// 720 units, text of 19.
    Wide,
    /// 480 units, text of 16: better on a phone.
    Narrow,
}

impl Width {
    /// In units.
    #[must_use]
    pub fn units(self) -> f64 {
        match self {
            Width::Wide => 720.0,
            Width::Narrow => 480.0,
        }
    }
}

/// A figure being drawn. What is drawn later lies on top.
#[derive(Clone, Debug)]
pub struct Svg {
    name: &'static str,
    title: String,
    width: Width,
    body: String,
}

impl Svg {
    /// An empty figure. `title` is what a reader who cannot see it is told.
    #[must_use]
    pub fn new(name: &'static str, title: &str, width: Width) -> Svg {
        Svg {
            name,
            title: title.to_owned(),
            width,
            body: String::new(),
        }
    }

    /// A box with slightly round corners.
    pub fn rect(&mut self, class: &str, x: f64, y: f64, width: f64, height: f64) {
        let (x, y, width, height) = (num(x), num(y), num(width), num(height));
        let _ = writeln!(
            self.body,
            r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{height}" rx="3"/>"#
        );
    }

    /// A line of text; `y` is where its letters stand.
    pub fn text(&mut self, class: &str, x: f64, y: f64, text: &str) {
        self.spans(x, y, &[(class, text)]);
    }

    /// A line of text in parts, each with a class.
    pub fn spans(&mut self, x: f64, y: f64, parts: &[(&str, &str)]) {
        let (x, y) = (num(x), num(y));
        if let [(class, text)] = parts {
            let text = escaped(text);
            let _ = writeln!(
                self.body,
                r#"<text class="{class}" x="{x}" y="{y}">{text}</text>"#
            );
            return;
        }
        let _ = write!(self.body, r#"<text x="{x}" y="{y}">"#);
        for (i, (class, text)) in parts.iter().enumerate() {
            let gap = if i == 0 { "" } else { r#" dx="9""# };
            let text = escaped(text);
            let _ = write!(self.body, r#"<tspan class="{class}"{gap}>{text}</tspan>"#);
        }
        self.body.push_str("</text>\n");
    }

    /// A straight line.
    pub fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        self.polyline(class, &[from, to]);
    }

    /// A line through points.
    pub fn polyline(&mut self, class: &str, points: &[(f64, f64)]) {
        let points: Vec<String> = points
            .iter()
            .map(|(x, y)| format!("{},{}", num(*x), num(*y)))
            .collect();
        let points = points.join(" ");
        let _ = writeln!(
            self.body,
            r#"<polyline class="line {class}" points="{points}"/>"#
        );
    }

    /// A straight line with a head at its end.
    pub fn arrow(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = (dx * dx + dy * dy).sqrt().max(1.0);
        let (ux, uy) = (dx / length, dy / length);
        let neck = (to.0 - 11.0 * ux, to.1 - 11.0 * uy);
        self.line(class, from, neck);
        let corner = |side: f64| (neck.0 - side * 6.0 * uy, neck.1 + side * 6.0 * ux);
        let corners =
            [to, corner(1.0), corner(-1.0)].map(|(x, y)| format!("{} {}", num(x), num(y)));
        let corners = corners.join(" L");
        let _ = writeln!(self.body, r#"<path class="tip {class}" d="M{corners} z"/>"#);
    }

    /// The finished figure, so many units high.
    #[must_use]
    pub fn finish(self, height: f64) -> Figure {
        let Svg {
            name,
            title,
            width,
            body,
        } = self;
        let class = match width {
            Width::Wide => "fig",
            Width::Narrow => "fig narrow",
        };
        let (width, height, title) = (num(width.units()), num(height), escaped(&title));
        let svg = format!(
            "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"{name}-t\" class=\"{class}\">\n\
             <title id=\"{name}-t\">{title}</title>\n{body}</svg>\n"
        );
        Figure { name, svg }
    }
}

/// A number with at most one digit after the point: short, and the same on every machine.
fn num(value: f64) -> String {
    let text = format!("{value:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0" } else { text }.to_owned()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_figure_is_one_block_with_a_title() {
        let mut svg = Svg::new("99-made-up", "Made & up", Width::Narrow);
        svg.rect("a", 1.0, 2.25, 3.0, 4.0);
        svg.text("mono", -0.01, 2.0, "1 < 2");
        svg.spans(0.0, 3.0, &[("b", "one"), ("small", "two")]);
        svg.line("dash", (0.0, 0.0), (1.5, 2.0));
        assert_eq!(
            svg.finish(50.0).svg,
            "<svg viewBox=\"0 0 480 50\" role=\"img\" aria-labelledby=\"99-made-up-t\" class=\"fig narrow\">\n\
             <title id=\"99-made-up-t\">Made &amp; up</title>\n\
             <rect class=\"a\" x=\"1\" y=\"2.2\" width=\"3\" height=\"4\" rx=\"3\"/>\n\
             <text class=\"mono\" x=\"0\" y=\"2\">1 &lt; 2</text>\n\
             <text x=\"0\" y=\"3\"><tspan class=\"b\">one</tspan><tspan class=\"small\" dx=\"9\">two</tspan></text>\n\
             <polyline class=\"line dash\" points=\"0,0 1.5,2\"/>\n\
             </svg>\n"
        );
    }

    #[test]
    fn an_arrow_ends_at_its_point() {
        let mut svg = Svg::new("99-made-up", "An arrow", Width::Wide);
        svg.arrow("a", (0.0, 0.0), (0.0, 100.0));
        let figure = svg.finish(100.0);
        assert!(
            figure.svg.contains(r#"points="0,0 0,89""#),
            "{}",
            figure.svg
        );
        assert!(
            figure.svg.contains(r#"d="M0 100 L-6 89 L6 89 z""#),
            "{}",
            figure.svg
        );
    }
}
