//! Examines the real clients that are installed, and writes the page about them. `tests/real-clients` calls it.

use std::process::ExitCode;

use kostorrent_tests::real_clients::{self, commands, page};

fn main() -> ExitCode {
    match run(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Examines those that are named, or all that are installed.
fn run(names: &[String]) -> Result<(), String> {
    let mut taken = real_clients::read().unwrap_or_default();
    let (there, missing) = commands::all();
    for name in missing {
        eprintln!("{name} is not installed: what is known of it stays");
    }
    let date = today()?;
    for client in &there {
        if names.is_empty() || names.iter().any(|name| name == client.name) {
            eprintln!("{} {} …", client.name, client.version);
            let new = real_clients::examine(client, &date)?;
            taken.retain(|old| old.name != new.name);
            taken.push(new);
        }
    }
    taken.sort_by_key(|client| client.name.to_lowercase());
    real_clients::write(&taken)?;
    let page = page::now(&taken)?;
    std::fs::write(real_clients::page(), page).map_err(|error| error.to_string())
}

fn today() -> Result<String, String> {
    let said = std::process::Command::new("date")
        .args(["-u", "+%Y-%m-%d"])
        .output();
    let said = said.map_err(|error| error.to_string())?.stdout;
    Ok(String::from_utf8_lossy(&said).trim().to_owned())
}
