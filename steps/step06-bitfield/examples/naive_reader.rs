//! A reader of messages that works with the peers one tries first, and then meets a keep-alive.

use std::error::Error;
use std::io::Read;

use messages::{Message, name};

// ANCHOR: naive
/// Reads one message: its length, its id, its body. Wrong in two ways.
fn read_message(stream: &mut impl Read) -> std::io::Result<(u8, Vec<u8>)> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    let mut id = [0];
    stream.read_exact(&mut id)?;
    let mut body = vec![0; length.saturating_sub(1) as usize];
    stream.read_exact(&mut body)?;
    Ok((id[0], body))
}
// ANCHOR_END: naive

/// What a good peer says: a bitfield, `unchoke`, nothing for two minutes, a new piece.
fn good_peer() -> Vec<u8> {
    let mut bytes = Vec::new();
    for message in [
        Message::Bitfield(vec![0xff, 0xff, 0xf8]),
        Message::Unchoke,
        Message::KeepAlive,
        Message::Have(21),
    ] {
        message.encode(&mut bytes);
    }
    bytes
}

fn main() -> Result<(), Box<dyn Error>> {
    let bytes = good_peer();
    let mut stream = bytes.as_slice();
    while !stream.is_empty() {
        let left = stream;
        match read_message(&mut stream) {
            Ok((id, body)) => {
                let used = left.len() - stream.len();
                println!(
                    "{:25}  {}, and {} bytes",
                    hex(&left[..used]),
                    name(id),
                    body.len()
                );
            }
            Err(_) => {
                let length = u32::from_be_bytes(left[..4].try_into()?);
                println!("{:25}  waits for {length} bytes", hex(left));
            }
        }
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keep_alive_is_taken_for_a_choke_and_then_it_waits_for_ever() {
        let bytes = good_peer();
        let mut stream = bytes.as_slice();
        let mut ids = Vec::new();
        while let Ok((id, _)) = read_message(&mut stream) {
            ids.push(name(id));
        }
        assert_eq!(ids, ["bitfield", "unchoke", "choke"]);
    }
}
