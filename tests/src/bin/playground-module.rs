//! Makes the playground's module anew. `tests/playground` calls it.

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    use kostorrent_tests::{playground, wasm::Compiler};
    let Some(compiler) = Compiler::find() else {
        eprintln!("error: a compiler for WebAssembly is not installed; tests/install gets it");
        return ExitCode::FAILURE;
    };
    match playground::write(&compiler) {
        Ok(bytes) => {
            println!("{} KiB of WebAssembly", bytes / 1024);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    eprintln!("error: the module is made on Linux");
    ExitCode::FAILURE
}
