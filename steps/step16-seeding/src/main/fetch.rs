//! The beginning: a half of the torrent, from a peer that has it.

use std::net::SocketAddr;
use std::time::Duration;

use blocks::blocking::{Ahead, Peer};
use blocks::{Window, block_bufs};
use handshake::blocking::{MeetError, Meeting, meet};
use messages::Bitfield;

use crate::party::Party;

/// The pieces of a half that are missing: those with even numbers (0), or with odd ones (1).
pub fn missing(have: &Bitfield, half: u32) -> impl Iterator<Item = u32> + '_ {
    have.iter_zeros().filter(move |piece| piece % 2 == half)
}

/// Fetches a half from the first of these peers that has it.
pub fn half(party: &mut Party, half: u32, addrs: &[SocketAddr]) -> Result<(), String> {
    let mut errors = Vec::new();
    let mut trouble = None;
    for &addr in addrs {
        match meet(addr, &party.handshake()) {
            Ok(meeting) => match fetch(party, half, meeting) {
                Ok(()) => return Ok(()),
                Err(error) => trouble = Some(format!("{addr}: {error}")),
            },
            Err(error) => errors.push(error),
        }
    }
    Err(trouble.unwrap_or_else(|| MeetError::AllFailed { errors }.to_string()))
}

/// Fetches what is missing of a half from one peer.
fn fetch(party: &mut Party, half: u32, meeting: Meeting) -> Result<(), String> {
    let Meeting { addr, stream, .. } = meeting;
    let second = Some(Duration::from_secs(1));
    stream.set_read_timeout(second).map_err(|e| e.to_string())?;
    let pieces: Vec<u32> = missing(party.have(), half).collect();
    let kind = if half == 0 { "even" } else { "odd" };
    party.say(&format!(
        "fetches {} pieces with {kind} numbers from {addr}",
        pieces.len()
    ));
    let mut peer = Peer::new(stream, party.geometry(), Ahead::Window(Window::new()));
    for piece in pieces {
        let data = peer.fetch(piece, &mut |_| {}).map_err(|e| e.to_string())?;
        if !party.keep(piece, block_bufs(&data))? {
            return Err(format!("piece {piece} is not what the torrent promises"));
        }
    }
    Ok(())
}
