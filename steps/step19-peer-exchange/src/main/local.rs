//! Listening on the local network.

use std::error::Error;
use std::io::{self, ErrorKind, Write};
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::time::{Duration, Instant};

use exchange::Lsd;
use exchange::Search;
use exchange::limits::MAX_DATAGRAM;
use exchange::lsd::{GROUP_V4, Group, Unheard};
use socket2::{Domain, Protocol, Socket, Type};
use tracker::blocking::read_torrent;
use tracker::printable;

use crate::Args;

/// Listens to the group over IPv4, announces the torrent if there is one, and says what is heard.
pub fn listen(args: &Args, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let mut lsd = Lsd::new(args.port, &mut rand::rng());
    if let Some(path) = &args.torrent {
        let torrent = read_torrent(path)?;
        if torrent.private {
            return Err("the torrent is private: it must not be announced here (BEP 27)".into());
        }
        let info_hash = torrent.info_hash_v1;
        lsd.insert(
            info_hash.ok_or("this torrent is for BitTorrent v2 only, which is not built yet")?,
        );
    }
    let socket = join(args.interface).map_err(|error| {
        format!(
            "nobody can listen to {GROUP_V4} on {}: {error}",
            args.interface
        )
    })?;
    writeln!(
        out,
        "We listen to {GROUP_V4} on {}, for {} s.",
        args.interface, args.seconds
    )?;
    out.flush()?;
    let begun = Instant::now();
    let end = Duration::from_secs(args.seconds);
    let mut buffer = [0; MAX_DATAGRAM + 1];
    loop {
        let now = begun.elapsed();
        if let Some(search) = lsd.poll_transmit(now) {
            let datagram = search.encode(Group::V4);
            socket.send_to(&datagram, GROUP_V4)?;
            writeln!(out, "\nWe say, in {} bytes:\n", datagram.len())?;
            show(out, &datagram)?;
        }
        let Some(left) = end.checked_sub(now).filter(|left| !left.is_zero()) else {
            return Ok(());
        };
        let due = lsd
            .poll_timeout()
            .map_or(left, |due| due.saturating_sub(now).min(left));
        socket.set_read_timeout(Some(due.max(Duration::from_millis(1))))?;
        match socket.recv_from(&mut buffer) {
            Ok((count, from)) => {
                let datagram = &buffer[..count];
                writeln!(out, "\n{from} says, in {count} bytes:\n")?;
                show(out, datagram)?;
                match lsd.handle(from, datagram, begun.elapsed()) {
                    Ok(neighbour) => {
                        writeln!(out, "   A neighbour: it takes calls at {}.", neighbour.addr)?
                    }
                    Err(Unheard::OtherTorrents) => others(out, datagram)?,
                    Err(unheard) => writeln!(out, "   Nothing to us: {unheard}.")?,
                }
                out.flush()?;
            }
            Err(error) if is_only_late(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Torrents that are not ours.
fn others(out: &mut impl Write, datagram: &[u8]) -> io::Result<()> {
    match Search::decode(datagram).map_or(0, |search| search.torrents.len()) {
        1 => writeln!(out, "   Nothing to us: its torrent is not ours."),
        count => writeln!(
            out,
            "   Nothing to us: none of its {count} torrents is ours."
        ),
    }
}

fn is_only_late(error: &io::Error) -> bool {
    let kinds = [
        ErrorKind::WouldBlock,
        ErrorKind::TimedOut,
        ErrorKind::Interrupted,
    ];
    kinds.contains(&error.kind())
}

// ANCHOR: join
/// A socket that hears the group on the network of this address, beside others of this machine that do
/// the same.
fn join(interface: Ipv4Addr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    // Where a socket may have the group's own address, it hears what is sent to the group and nothing else.
    let addr = match cfg!(unix) {
        true => GROUP_V4,
        false => SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, GROUP_V4.port()),
    };
    socket.bind(&addr.into())?;
    socket.join_multicast_v4(GROUP_V4.ip(), &interface)?;
    socket.set_multicast_if_v4(&interface)?;
    socket.set_multicast_loop_v4(true)?;
    Ok(socket.into())
}
// ANCHOR_END: join

/// A datagram, line by line, fit for a terminal.
fn show(out: &mut impl Write, datagram: &[u8]) -> io::Result<()> {
    let lines = datagram.split(|&byte| byte == b'\n');
    for line in lines
        .map(|line| line.trim_ascii_end())
        .filter(|line| !line.is_empty())
    {
        writeln!(out, "   {}", printable(line))?;
    }
    Ok(())
}
