//! The result in the form of JUnit: a suite for each stage, a case for each check. What is odd passes, and says
//! why it is odd in its output.

use std::fmt::Write as _;

use crate::examine::{Examined, Finding, Verdict};

/// The document.
pub(super) fn document(all: &[Examined]) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"kostorrent examine\">\n",
    );
    for examined in all {
        let count = |verdict| {
            let findings = examined.findings.iter();
            findings.filter(|it| it.verdict == verdict).count()
        };
        // Into a string: nothing fails.
        let _ = writeln!(
            xml,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">",
            examined.stage.name,
            examined.findings.len(),
            count(Verdict::Wrong),
            count(Verdict::Skipped)
        );
        for finding in &examined.findings {
            case(&mut xml, examined.stage.name, finding);
        }
        xml += "  </testsuite>\n";
    }
    xml + "</testsuites>\n"
}

fn case(xml: &mut String, stage: &str, finding: &Finding) {
    let (name, text) = (finding.check.name, escaped(&finding.text));
    let evidence = escaped(&finding.evidence.join("\n"));
    let _ = write!(
        xml,
        "    <testcase classname=\"examine.{stage}\" name=\"{name}\">"
    );
    let _ = match finding.verdict {
        Verdict::Ok => Ok(()),
        Verdict::Wrong => write!(xml, "<failure message=\"{text}\">{evidence}</failure>"),
        Verdict::Odd => write!(xml, "<system-out>odd: {text}\n{evidence}</system-out>"),
        Verdict::Skipped => write!(xml, "<skipped message=\"{text}\"/>"),
    };
    *xml += "</testcase>\n";
}

/// Text as XML has it, without the controls that XML cannot have.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\n' | '\t' => safe.push(c),
            c if c.is_control() || c == '\u{fffe}' || c == '\u{ffff}' => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::examine::STAGES;

    #[test]
    fn each_verdict_has_its_form() {
        let stage = &STAGES[0];
        let check = stage.checks[0];
        let findings = vec![
            check.ok(),
            check.wrong("a < b & \u{1b}[2J").seen(vec!["0.1 s".into()]),
            check.odd("\"so\""),
            check.skipped("no"),
        ];
        let all = [Examined {
            stage,
            findings,
            printed: Vec::new(),
        }];
        let xml = document(&all);
        assert!(xml.contains("tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"1\""));
        assert!(xml.contains("<failure message=\"a &lt; b &amp; \u{fffd}[2J\">0.1 s</failure>"));
        assert!(xml.contains("<system-out>odd: &quot;so&quot;\n</system-out>"));
        assert_eq!(xml.matches("<testcase ").count(), 4);
        assert_eq!(xml.matches("</testcase>").count(), 4);
    }
}
