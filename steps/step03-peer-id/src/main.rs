//! Prints a peer id of ours, or names the client behind any peer id.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use clap::Parser;
use peer_id::PeerId;

/// Makes a peer id, or names the client behind one.
///
/// Chapter 3 of the guide: how peers name themselves.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Peer ids to name: 20 characters, with %XX for bytes that are none, or 40 hex digits.
    /// Without any, one of ours is made.
    #[arg(value_name = "ID", allow_hyphen_values = true)]
    ids: Vec<PeerId>,
}

fn main() -> ExitCode {
    let mut ids = Arguments::parse().ids;
    if ids.is_empty() {
        ids.push(PeerId::generate(&mut rand::rng()));
    }
    match ids.iter().try_for_each(|id| print(id, &mut io::stdout())) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read our output has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: cannot write the output: {error}");
            ExitCode::FAILURE
        }
    }
}

// ANCHOR: print
fn print(id: &PeerId, out: &mut impl Write) -> io::Result<()> {
    let client = id.client().map(|client| client.to_string());
    let (start, rest) = id.0.split_at(8);
    writeln!(out, "peer id   {id}")?;
    writeln!(out, "bytes     {}  {}", hex(start), hex(rest))?;
    writeln!(out, "client    {}", client.as_deref().unwrap_or("unknown"))
}
// ANCHOR_END: print

fn hex(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(" ")
}
