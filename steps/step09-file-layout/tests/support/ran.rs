//! What a program has said.

use std::process::Output;

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The program must have succeeded; what it said.
pub fn said(output: &Output) -> String {
    assert_eq!(text(&output.stderr), "", "{}", text(&output.stdout));
    assert!(output.status.success());
    text(&output.stdout)
}

/// The program must have failed with one line.
pub fn complained(output: &Output) -> String {
    let line = text(&output.stderr);
    let code = output.status.code();
    assert_eq!((code, line.lines().count()), (Some(1), 1), "{line}");
    assert!(line.starts_with("error: "), "{line}");
    line
}
