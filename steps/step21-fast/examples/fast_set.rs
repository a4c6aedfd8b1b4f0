//! The allowed fast set, step by step.
//!
//! `cargo run -p step21-fast --example fast_set [-- ADDRESS]`

use std::net::Ipv4Addr;
use std::process::ExitCode;

use fast::allowed_fast;
use metainfo::InfoHash;
use sha1::{Digest, Sha1};

/// The torrent of BEP 6's own example, and how many pieces are allowed there.
const INFO_HASH: InfoHash = InfoHash([0xaa; 20]);
const PIECES: u32 = 1313;
const COUNT: usize = 7;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How the set of an address comes about, and the set.
fn story(address: Ipv4Addr) -> (Vec<String>, Vec<u32>) {
    let set = allowed_fast(address, INFO_HASH, PIECES, COUNT);
    let [a, b, c, _] = address.octets();
    let mut x = [&[a, b, c, 0], &INFO_HASH.0[..]].concat();
    let mut lines = vec![format!("x = {} + info-hash", hex(&x[..4]))];
    let mut found: Vec<u32> = Vec::new();
    while found.len() < set.len() {
        x = Sha1::digest(&x).to_vec();
        lines.push(format!("x = SHA-1(x) = {}", hex(&x)));
        let (numbers, _) = x.as_chunks::<4>();
        for number in numbers {
            if found.len() == set.len() {
                break;
            }
            let piece = u32::from_be_bytes(*number) % PIECES;
            let is_new = !found.contains(&piece);
            let there = if is_new { "" } else { ", there already" };
            lines.push(format!(
                "    {}  {:>10} mod {PIECES} = {piece:>4}{there}",
                hex(number),
                u32::from_be_bytes(*number)
            ));
            if is_new {
                found.push(piece);
            }
        }
    }
    (lines, found)
}

fn main() -> ExitCode {
    let address = std::env::args().nth(1);
    let Ok(address) = address.as_deref().unwrap_or("80.4.4.200").parse() else {
        eprintln!("error: that is no IPv4 address");
        return ExitCode::from(2);
    };
    let (lines, _) = story(address);
    println!(
        "{address}, {PIECES} pieces, info-hash {}\n",
        hex(&INFO_HASH.0)
    );
    println!("{}", lines.join("\n"));
    ExitCode::SUCCESS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_story_ends_with_the_set() {
        for last in 0..50 {
            let address = Ipv4Addr::new(80, 4, last, 200);
            let (lines, found) = story(address);
            assert_eq!(found, allowed_fast(address, INFO_HASH, PIECES, COUNT));
            assert!(lines.len() > COUNT);
        }
    }
}
