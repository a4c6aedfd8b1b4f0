//! The engine, the simulation and the playground in a browser: they are built for WebAssembly, and a swarm runs there as it
//! does here.

use std::path::Path;

use kostorrent_tests::wasm::{Compiler, says};
use kostorrent_tests::{playground, skip};
use pretty_assertions::assert_eq;

#[allow(dead_code)]
#[path = "../../kostorrent/sim/examples/fingerprint.rs"]
mod fingerprint;

/// What is to run in the reader's browser.
const PACKAGES: [&str; 7] = [
    "kostorrent-engine",
    "kostorrent-playground",
    "kostorrent-sim",
    "step01-bencode",
    "step02-metainfo",
    "step11-concurrent-peers",
    "step16-seeding",
];

/// Each call to `main` gives the next byte of the number.
const RUN: &str = r#"
    const bytes = require("fs").readFileSync(process.argv[1]);
    WebAssembly.instantiate(bytes, {}).then(({ instance }) => {
        const number = Array.from({ length: 8 }, () => instance.exports.main(0, 0));
        console.log(number.join(" "));
    });
"#;

#[test]
fn a_swarm_runs_in_a_browser_as_it_does_here() {
    let what = "a compiler for WebAssembly";
    let Some(compiler) = skip::unless_missing(what, Compiler::find()) else {
        return;
    };
    let packages = PACKAGES.iter().flat_map(|name| ["--package", name]);
    let built = compiler.build(&Vec::from_iter(["--lib"].into_iter().chain(packages)));
    the_playground_is_made_of_what_its_list_says(&built);
    let folder = compiler.build(&["--package", "kostorrent-sim", "--example", "fingerprint"]);

    let Some(node) = skip::unless_no_program("node") else {
        return;
    };
    let program = folder.join("examples/fingerprint.wasm");
    let program = program.to_str().expect("a path that is text");
    let there = says(node, &["--eval", RUN, program]).expect("node runs it");
    let here = fingerprint::fingerprint().to_le_bytes();
    let here = here.map(|byte| byte.to_string()).join(" ");
    assert_eq!(there, here);
}

/// A source that is new is seen here if it was not before.
fn the_playground_is_made_of_what_its_list_says(built: &Path) {
    let [listed, read] = playground::listed_and_read(built).expect("both lists");
    assert_eq!(listed, read, "tests/playground writes the list anew");
}
