//! Who knows whom, for a person to read.

use std::io::{self, Write};

use crate::network::{Happened, Knows, Network, Told};

/// The name of a peer: A, B, C…
pub fn name(peer: usize) -> char {
    char::from(b'A' + peer as u8)
}

/// A table: in each row what one peer knows of all others.
pub fn show(out: &mut impl Write, network: &Network) -> io::Result<()> {
    let all = 0..network.peers();
    let names: Vec<String> = all.clone().map(|peer| name(peer).to_string()).collect();
    writeln!(out, "      {}", names.join(" "))?;
    let mut counts = [0; 3];
    for one in all.clone() {
        let row = all.clone().map(|other| {
            let (mark, counted) = match network.knows(one, other) {
                Knows::Itself => ("\\", None),
                Knows::Connected => ("#", Some(0)),
                Knows::HasHeard => ("+", Some(1)),
                Knows::Nothing => (".", Some(2)),
            };
            if let Some(counted) = counted {
                counts[counted] += 1;
            }
            mark
        });
        let row: Vec<&str> = row.collect();
        writeln!(out, "   {}  {}", name(one), row.join(" "))?;
    }
    let [connected, heard, nothing] = counts;
    writeln!(
        out,
        "\n   # connected {connected}   + has heard of {heard}   . does not know {nothing}"
    )
}

/// What has happened in a minute, in a line.
pub fn summary(happened: &Happened) -> String {
    let bytes: usize = happened.told.iter().map(|told| told.bytes).sum();
    let mut said = match happened.told.len() {
        0 => "nobody has news".to_owned(),
        1 => format!("1 message, {bytes} bytes"),
        count => format!("{count} messages, {bytes} bytes"),
    };
    for &(caller, called) in &happened.called {
        said += &format!("; {} calls {}", name(caller), name(called));
    }
    for &(caller, called) in &happened.in_vain {
        said += &format!("; {} calls {} in vain", name(caller), name(called));
    }
    said
}

/// Each message, in a line.
pub fn told(out: &mut impl Write, happened: &Happened) -> io::Result<()> {
    for Told {
        from,
        to,
        bytes,
        added,
        dropped,
    } in &happened.told
    {
        let mut what = Vec::new();
        for (word, peers) in [("added", added), ("dropped", dropped)] {
            let names: Vec<String> = peers.iter().map(|&peer| name(peer).to_string()).collect();
            if !names.is_empty() {
                what.push(format!("{word} {}", names.join(", ")));
            }
        }
        let (from, to) = (name(*from), name(*to));
        writeln!(
            out,
            "   {from} tells {to}, {bytes} bytes: {}",
            what.join("; ")
        )?;
    }
    writeln!(out)
}
