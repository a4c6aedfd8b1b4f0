//! The engine and the simulation in a browser: they are built for WebAssembly, and a swarm runs there as it does here.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use kostorrent_tests::{programs, skip};
use pretty_assertions::assert_eq;

#[allow(dead_code)]
#[path = "../../kostorrent/sim/examples/fingerprint.rs"]
mod fingerprint;

const TARGET: &str = "wasm32-unknown-unknown";

/// What is to run in the reader's browser.
const PACKAGES: [&str; 6] = [
    "kostorrent-engine",
    "kostorrent-sim",
    "step01-bencode",
    "step02-metainfo",
    "step11-concurrent-peers",
    "step16-seeding",
];

/// A compiler that can make WebAssembly, one way or the other.
enum Compiler {
    /// The toolchain's own, with a standard library for the target: `rustup target add`.
    Ready,
    /// Debian's `rustc-web`, which has the source of the standard library in `rust-web-src`, and LLVM's linker.
    Debian(PathBuf),
}

impl Compiler {
    fn find() -> Option<Compiler> {
        if says("rustc", &["--print", "target-libdir", "--target", TARGET])
            .is_some_and(|folder| Path::new(&folder).is_dir())
        {
            return Some(Compiler::Ready);
        }
        let rustc = Path::new("/usr/bin/rustc");
        let sysroot = says(rustc, &["--print", "sysroot"])?;
        let source = Path::new(&sysroot).join("lib/rustlib/src/rust/library/Cargo.lock");
        let path = env::var_os("PATH")?;
        let linker = env::split_paths(&path).any(|folder| folder.join("wasm-ld").is_file());
        (source.is_file() && linker).then(|| Compiler::Debian(rustc.to_owned()))
    }

    /// Runs cargo in a target folder of its own, so that nothing else is built anew because of it.
    fn build(&self, args: &[&str]) -> PathBuf {
        let folder = programs::shared().join("wasm");
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["build", "--locked", "--quiet", "--no-default-features"])
            .args(["--target", TARGET])
            .args(args)
            .current_dir(programs::root())
            .env("CARGO_TARGET_DIR", &folder)
            // Half a minute on two cores, with the standard library: nothing of it is optimised.
            .env("CARGO_PROFILE_DEV_OPT_LEVEL", "0")
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("CARGO_INCREMENTAL", "0");
        if let Compiler::Debian(rustc) = self {
            cargo
                .args(["-Z", "build-std=std,panic_abort"])
                .env("RUSTC_BOOTSTRAP", "1")
                .env("RUSTC", rustc)
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld");
        }
        let output = cargo.output().expect("cargo runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {errors}");
        folder.join(TARGET).join("debug")
    }
}

/// What a program prints, if it runs and is content.
fn says(program: impl AsRef<std::ffi::OsStr>, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

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
    compiler.build(&Vec::from_iter(["--lib"].into_iter().chain(packages)));
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
