//! The picture of a swarm: who had what when. A row a peer, time to the right, the darker the more of
//! the pieces. It takes the colour of the text around it, and is the same to the byte for the same
//! swarm.

use std::fmt::Write as _;

use sim::scenario::{PeerStory, Story};

use super::table::vice;

/// How wide the picture of the time is, and where it begins.
const WIDTH: f64 = 600.0;
const LEFT: f64 = 150.0;
const TOP: f64 = 34.0;
/// How many shades there are besides none.
const SHADES: u32 = 20;

pub(super) fn picture(story: &Story) -> String {
    let rows = story.peers.len();
    let high: f64 = match rows {
        0..=30 => 16.0,
        31..=100 => 8.0,
        _ => 3.0,
    };
    let looks = story.peers.iter().map(|peer| peer.had.len()).max();
    let looks = looks.unwrap_or(1).max(2) - 1;
    let span = story.look.as_secs_f64() * looks as f64;
    let scale = WIDTH / span.max(0.001);
    let bottom = TOP + high * rows as f64;
    let mut svg = String::new();
    let title = escape(&format!(
        "Who had what when: {}, seed {}",
        story.scenario, story.seed
    ));
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"swarm\" role=\"img\" viewBox=\"0 0 {} {}\" \
         font-family=\"sans-serif\" font-size=\"11\" fill=\"currentColor\">\n\
         <title>{title}</title>\n<desc>{}</desc>\n\
         <style>.swarm{{color:#222}}@media (prefers-color-scheme:dark){{.swarm{{color:#ddd}}}}</style>\n",
        number(LEFT + WIDTH + 20.0),
        number(bottom + 34.0),
        escape(&described(story)),
    );
    let _ = writeln!(
        svg,
        "<text x=\"{LEFT}\" y=\"14\" font-size=\"13\">{title}</text>"
    );
    for (index, peer) in story.peers.iter().enumerate() {
        row(&mut svg, story, index, peer, high, scale);
    }
    ticks(&mut svg, span, scale, bottom);
    let ideal = LEFT + story.ideal.as_secs_f64() * scale;
    if ideal <= LEFT + WIDTH {
        let x = number(ideal);
        let _ = writeln!(
            svg,
            "<path d=\"M{x} {} V{}\" stroke=\"currentColor\" stroke-dasharray=\"4 3\"/>\
             <text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">ideal</text>",
            number(TOP - 4.0),
            number(bottom),
            number(TOP - 7.0),
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// The same in words.
fn described(story: &Story) -> String {
    let all = story.peers.iter().filter(|peer| peer.is_to_finish);
    let done = all.clone().filter(|peer| peer.finished.is_some());
    let odd = story.peers.iter().filter(|peer| !peer.is_honest()).count();
    format!(
        "A row for each of {} peers, {odd} of which are not honest; time goes to the right, and a row \
         gets darker as its peer gets pieces. {} of {} had everything in the end, after {:.1} seconds; \
         the ideal is {:.1} seconds.",
        story.peers.len(),
        done.count(),
        all.count(),
        story.ended.as_secs_f64(),
        story.ideal.as_secs_f64(),
    )
}

fn row(svg: &mut String, story: &Story, index: usize, peer: &PeerStory, high: f64, scale: f64) {
    let y = TOP + high * index as f64;
    let what = vice(peer);
    let named = match what {
        Some(vice) => format!("{} ({vice})", peer.name),
        None => peer.name.clone(),
    };
    let _ = writeln!(svg, "<g><title>{}</title>", escape(&named));
    if let Some((label, rows)) = label(story, index, high, &named) {
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}{}</text>",
            number(LEFT - 6.0),
            number(y + high * rows as f64 / 2.0 + 4.0),
            if what.is_some() { "✗ " } else { "" },
            escape(&shortened(&label)),
        );
    }
    let gap = if high > 4.0 { 1.0 } else { 0.0 };
    let step = story.look.as_secs_f64() * scale;
    // None at all, some, and everything are three different things.
    let shade = |had: u32| match had {
        0 => 0,
        had if had >= story.pieces => SHADES,
        had => 1 + (u64::from(had) * u64::from(SHADES - 1) / u64::from(story.pieces)) as u32,
    };
    let mut from = 0;
    while from + 1 < peer.had.len() {
        let now = shade(peer.had[from]);
        let more = peer.had[from..]
            .iter()
            .take_while(|&&had| shade(had) == now)
            .count();
        let until = (from + more).min(peer.had.len() - 1);
        if now > 0 {
            let _ = writeln!(
                svg,
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill-opacity=\"{:.2}\"/>",
                number(LEFT + from as f64 * step),
                number(y),
                number((until - from) as f64 * step),
                number(high - gap),
                f64::from(now) / f64::from(SHADES) * 0.85,
            );
        }
        from = until;
    }
    if what.is_some() {
        let _ = writeln!(
            svg,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"currentColor\" \
             stroke-width=\"0.7\" stroke-dasharray=\"2 2\"/>",
            number(LEFT),
            number(y + 0.5),
            number(WIDTH),
            number(high - gap - 1.0),
        );
    }
    svg.push_str("</g>\n");
}

/// What stands beside a row, and for how many rows: where they are too low for a name each, the first of
/// a group speaks for all.
fn label(story: &Story, index: usize, high: f64, named: &str) -> Option<(String, usize)> {
    if high >= 12.0 {
        return Some((named.to_owned(), 1));
    }
    let kind = |peer: &PeerStory| {
        let name = peer.name.trim_end_matches(|c: char| c.is_ascii_digit());
        (name.trim_end().to_owned(), vice(peer))
    };
    let own = kind(&story.peers[index]);
    if index > 0 && kind(&story.peers[index - 1]) == own {
        return None;
    }
    let rows = story.peers[index..].iter();
    let rows = rows.take_while(|peer| kind(peer) == own).count();
    Some(match (rows, own) {
        (1, _) => (named.to_owned(), 1),
        (rows, (name, Some(vice))) => (format!("{rows} × {name} ({vice})"), rows),
        (rows, (name, None)) => (format!("{rows} × {name}"), rows),
    })
}

fn ticks(svg: &mut String, span: f64, scale: f64, bottom: f64) {
    let steps = [
        0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0,
    ];
    let step = steps.into_iter().find(|step| span / step <= 8.0);
    let step = step.unwrap_or(span / 4.0).max(0.001);
    for tick in 0..=(span / step) as u32 {
        let at = f64::from(tick) * step;
        let x = number(LEFT + at * scale);
        let _ = writeln!(
            svg,
            "<path d=\"M{x} {} v4\" stroke=\"currentColor\"/><text x=\"{x}\" y=\"{}\" \
             text-anchor=\"middle\">{} s</text>",
            number(bottom),
            number(bottom + 17.0),
            number(at),
        );
    }
}

/// A number with one decimal at most, so that every machine writes the same.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn shortened(name: &str) -> String {
    match name.chars().count() {
        0..=24 => name.to_owned(),
        _ => name.chars().take(23).chain(['…']).collect(),
    }
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            c if c.is_control() => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}
