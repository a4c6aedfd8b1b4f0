//! A task that calls a peer.

use std::io;
use std::net::SocketAddr;

use handshake::Handshake;
use handshake::blocking::{MeetError, meet};
use peer_id::PeerId;
use picker::PeerKey;
use tokio::net::TcpStream;
use tokio::sync::mpsc::Sender;
use tokio::task::spawn_blocking;

/// What became of a call.
pub struct Call {
    pub key: PeerKey,
    pub result: Result<(TcpStream, PeerId), MeetError>,
}

// ANCHOR: call
/// Calls a peer, and says what became of it.
pub async fn call(addr: SocketAddr, key: PeerKey, ours: Handshake, to: Sender<Call>) {
    // The handshake of chapter 5 waits for the peer. It gets a thread of its own for that, and this
    // task waits for the thread: others go on meanwhile.
    let meeting = spawn_blocking(move || meet(addr, &ours)).await;
    let Ok(meeting) = meeting else {
        return;
    };
    let result = meeting.and_then(|meeting| {
        let id = meeting.theirs.peer_id;
        let stream = to_async(meeting.stream);
        let stream = stream.map_err(|error| MeetError::Connect { addr, error })?;
        Ok((stream, id))
    });
    // When the torrent's task has ended, nobody needs to know.
    let _ = to.send(Call { key, result }).await;
}
// ANCHOR_END: call

/// From now on nobody waits for this socket: it says when there is something to read.
fn to_async(stream: std::net::TcpStream) -> io::Result<TcpStream> {
    stream.set_nonblocking(true)?;
    TcpStream::from_std(stream)
}
