//! The lab's trouble-makers on real sockets, each against a client that follows a script.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use handshake::{Handshake, Reserved};
use kostorrent::lab::sample;
use kostorrent::lab::trouble::{Content, Trouble, TroubleMaker};
use messages::{BlockHeader, BlockRequest, Decoder, Item, Message};
use metainfo::{InfoHash, Metainfo};
use peer_id::PeerId;
use pretty_assertions::assert_eq;

/// Longer than any answer takes; what has not come by then is not coming.
const PATIENCE: Duration = Duration::from_secs(10);
/// Long enough for an answer on this machine; waited for in vain once a test at most.
const SILENCE: Duration = Duration::from_millis(700);

fn content() -> Arc<Content> {
    let torrent = Metainfo::parse(sample::TORRENT).unwrap();
    Arc::new(Content::new(&torrent, sample::bytes()).unwrap())
}

/// A scripted client.
struct Client {
    socket: TcpStream,
    decoder: Decoder,
    input: Vec<u8>,
}

/// What it hears.
#[derive(Debug, PartialEq)]
enum Heard {
    Message(Message),
    Block(BlockHeader, Vec<u8>),
}

impl Client {
    fn connect(addr: SocketAddr) -> Client {
        let mut socket = TcpStream::connect(addr).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let ours = handshake(content().info_hash());
        socket.write_all(&ours.to_bytes()).unwrap();
        let mut theirs = [0; handshake::LEN];
        socket.read_exact(&mut theirs).unwrap();
        Handshake::parse(&theirs).unwrap().accept(&ours).unwrap();
        let decoder = Decoder::new(content().geometry().pieces());
        Client {
            socket,
            decoder,
            input: Vec::new(),
        }
    }

    fn say(&mut self, messages: &[Message]) {
        let mut bytes = Vec::new();
        for message in messages {
            message.encode(&mut bytes);
        }
        self.socket.write_all(&bytes).unwrap();
    }

    /// The next message or block, or why there is none.
    fn hear(&mut self) -> io::Result<Heard> {
        loop {
            let (used, item) = self.decoder.next(&self.input).unwrap();
            self.input.drain(..used);
            match item {
                Some(Item::Message(message)) => return Ok(Heard::Message(message)),
                Some(Item::Block(header)) => {
                    while self.input.len() < header.len as usize {
                        self.read()?;
                    }
                    let payload = self.input.drain(..header.len as usize).collect();
                    return Ok(Heard::Block(header, payload));
                }
                None if used > 0 => {}
                None => self.read()?,
            }
        }
    }

    fn read(&mut self) -> io::Result<()> {
        let mut bytes = [0; 16 * 1024];
        match self.socket.read(&mut bytes)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            len => {
                self.input.extend_from_slice(&bytes[..len]);
                Ok(())
            }
        }
    }

    /// Takes whatever comes until the unchoke.
    fn unchoked(addr: SocketAddr) -> Client {
        let mut client = Client::connect(addr);
        client.say(&[Message::Interested]);
        while client.hear().unwrap() != Heard::Message(Message::Unchoke) {}
        client
    }

    /// Asks for both blocks of a piece and takes the next so many answers.
    fn fetch(&mut self, piece: u32, answers: usize) -> Vec<(BlockHeader, Vec<u8>)> {
        let blocks: Vec<_> = content()
            .geometry()
            .blocks(piece)
            .map(Message::Request)
            .collect();
        self.say(&blocks);
        let mut heard = Vec::new();
        while heard.len() < answers {
            if let Heard::Block(header, bytes) = self.hear().unwrap() {
                heard.push((header, bytes));
            }
        }
        heard
    }
}

fn handshake(info_hash: InfoHash) -> Handshake {
    let peer_id = PeerId(*b"-KT0100-abcdefghijkl");
    Handshake {
        reserved: Reserved::none(),
        info_hash,
        peer_id,
    }
}

/// Starts a trouble-maker and lets a client talk to it, off the runtime's thread.
async fn against(trouble: Trouble, talk: impl FnOnce(SocketAddr) + Send + 'static) {
    let peer = TroubleMaker::start(trouble, content(), None).await.unwrap();
    let addr = peer.addr();
    tokio::task::spawn_blocking(move || talk(addr))
        .await
        .unwrap();
}

fn is_right((header, bytes): &(BlockHeader, Vec<u8>)) -> bool {
    let BlockHeader { piece, offset, len } = *header;
    content().block(BlockRequest { piece, offset, len }) == Some(bytes)
}

#[tokio::test]
async fn the_liar_spoils_one_block_in_four() {
    against(Trouble::Liar, |addr| {
        let mut client = Client::unchoked(addr);
        let blocks: Vec<_> = (0..4).flat_map(|piece| client.fetch(piece, 2)).collect();
        let right: Vec<_> = blocks.iter().map(is_right).collect();
        assert_eq!(right, [true, true, true, false, true, true, true, false]);
    })
    .await;
}

#[tokio::test]
async fn the_staller_leaves_one_waiting() {
    against(Trouble::Staller, |addr| {
        let mut client = Client::unchoked(addr);
        client.socket.set_read_timeout(Some(SILENCE)).unwrap();
        client.say(&[Message::Request(content().geometry().block(0, 0))]);
        let error = client.hear().unwrap_err();
        assert!(
            matches!(
                error.kind(),
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
            ),
            "{error}"
        );
    })
    .await;
}

#[tokio::test]
async fn the_choker_chokes_and_comes_back() {
    against(Trouble::Choker, |addr| {
        let mut client = Client::unchoked(addr);
        for round in 0..2 {
            let blocks = [client.fetch(2 * round, 2), client.fetch(2 * round + 1, 2)].concat();
            assert!(blocks.iter().all(is_right));
            assert_eq!(client.hear().unwrap(), Heard::Message(Message::Choke));
            assert_eq!(client.hear().unwrap(), Heard::Message(Message::Unchoke));
        }
    })
    .await;
}

#[tokio::test]
async fn big_blocks_are_32_kib() {
    against(Trouble::BigBlocks, |addr| {
        let mut client = Client::unchoked(addr);
        let blocks = client.fetch(0, 1);
        assert_eq!(
            blocks[0].0,
            BlockHeader {
                piece: 0,
                offset: 0,
                len: 32 * 1024
            }
        );
        assert!(is_right(&blocks[0]));
    })
    .await;
}

#[tokio::test]
async fn odd_cuts_cover_what_was_asked() {
    against(Trouble::OddCuts, |addr| {
        let mut client = Client::unchoked(addr);
        let blocks = client.fetch(3, 6);
        assert!(blocks.iter().all(is_right));
        assert_eq!(
            blocks.iter().map(|(header, _)| header.len).sum::<u32>(),
            32 * 1024
        );
    })
    .await;
}

#[tokio::test]
async fn have_only_tells_every_piece_one_by_one() {
    against(Trouble::HaveOnly, |addr| {
        let mut client = Client::connect(addr);
        for piece in 0..content().geometry().pieces() {
            assert_eq!(client.hear().unwrap(), Heard::Message(Message::Have(piece)));
        }
        client.say(&[Message::Interested]);
        assert_eq!(client.hear().unwrap(), Heard::Message(Message::Unchoke));
        assert!(client.fetch(21, 1).iter().all(is_right));
    })
    .await;
}

#[tokio::test]
async fn who_asks_for_another_torrent_is_sent_away() {
    against(Trouble::Liar, |addr| {
        let mut socket = TcpStream::connect(addr).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket
            .write_all(&handshake(InfoHash([0; 20])).to_bytes())
            .unwrap();
        assert_eq!(socket.read(&mut [0]).unwrap(), 0);
        // The next one is welcome.
        Client::unchoked(addr);
    })
    .await;
}
