//! A compiler for WebAssembly, and what it builds.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::programs;

/// What a browser runs, without a system around it.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// A compiler that can make WebAssembly, one way or the other.
pub enum Compiler {
    /// The toolchain's own, with a standard library for the target: `rustup target add`.
    Ready,
    /// Debian's `rustc-web`, which has the source of the standard library in `rust-web-src`, and LLVM's linker.
    Debian(PathBuf),
}

impl Compiler {
    /// The one that is installed.
    #[must_use]
    pub fn find() -> Option<Compiler> {
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

    /// Builds quickly, to see that it builds and to run it. Returns the folder with what was built.
    ///
    /// # Panics
    ///
    /// When it does not build.
    #[must_use]
    pub fn build(&self, args: &[&str]) -> PathBuf {
        let mut cargo = self.cargo("build", args);
        // Half a minute on two cores, with the standard library: nothing of it is optimised.
        cargo
            .env("CARGO_PROFILE_DEV_OPT_LEVEL", "0")
            .env("CARGO_PROFILE_DEV_DEBUG", "0");
        run(&mut cargo, args);
        folder().join(TARGET).join("debug")
    }

    /// Builds one package's library for the page, as small as can be: with the workspace's profile for that, and as nothing but
    /// a module, for what goes into a library of Rust's own cannot be optimised as a whole.
    ///
    /// # Panics
    ///
    /// When it does not build.
    #[must_use]
    pub fn build_small(&self, package: &str) -> PathBuf {
        let args = [
            "--package",
            package,
            "--lib",
            "--crate-type",
            "cdylib",
            "--profile",
            "playground",
        ];
        run(&mut self.cargo("rustc", &args), &args);
        folder().join(TARGET).join("playground")
    }

    /// Cargo in a target folder of its own, so that nothing else is built anew because of it.
    fn cargo(&self, command: &str, args: &[&str]) -> Command {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut cargo = Command::new(cargo);
        cargo
            .args([command, "--locked", "--quiet", "--no-default-features"])
            .args(["--target", TARGET])
            .args(args)
            .current_dir(programs::root())
            .env("CARGO_TARGET_DIR", folder())
            .env("CARGO_INCREMENTAL", "0");
        if let Compiler::Debian(rustc) = self {
            cargo
                .args(["-Z", "build-std=std,panic_abort"])
                .env("RUSTC_BOOTSTRAP", "1")
                .env("RUSTC", rustc)
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld");
        }
        cargo
    }
}

fn folder() -> PathBuf {
    programs::shared().join("wasm")
}

fn run(cargo: &mut Command, args: &[&str]) {
    let output = cargo.output().expect("cargo runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {errors}");
}

/// What a program prints, if it runs and is content.
pub fn says(program: impl AsRef<std::ffi::OsStr>, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
