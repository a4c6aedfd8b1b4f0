//! A connection on loopback, with a peer that the test plays.

mod encrypted;
mod incoming;
mod outgoing;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use blocks::{BlockBuf, block_buf};
use connection::{FileSpan, Heard, Order, Pool, Setup, Source, Stream, UPLOAD_ROOM};
use messages::{BlockRequest, Ended, Message, piece_header};
use pretty_assertions::assert_eq;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::LocalSet;
use tokio::time::timeout;

const PIECES: u32 = 100;

/// Files in a folder, named by their numbers. What is not in memory waits until the test reads it.
#[derive(Default)]
struct Folder {
    path: PathBuf,
    /// Whether everything is in memory.
    warm: bool,
    asked: RefCell<VecDeque<Asked>>,
}

/// A read that was asked for.
type Asked = (BlockRequest, oneshot::Sender<BlockBuf>);

impl Folder {
    fn bytes(&self, file: usize, offset: u64, buf: &mut [u8]) -> std::io::Result<()> {
        let mut file = File::open(self.path.join(file.to_string()))?;
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(buf)
    }

    /// What is asked for and not read, in its order.
    fn waiting(&self) -> Vec<BlockRequest> {
        self.asked
            .borrow()
            .iter()
            .map(|(block, _)| *block)
            .collect()
    }

    /// Answers a read: each byte of the block is `byte`.
    fn answer(&self, at: usize, byte: u8) {
        let (_, answer) = self.asked.borrow_mut().remove(at).unwrap();
        let mut buf = block_buf();
        buf.fill(byte);
        // The connection may have ended.
        let _ = answer.send(buf);
    }

    fn fail(&self, at: usize) {
        drop(self.asked.borrow_mut().remove(at));
    }
}

impl Source for Folder {
    fn read_now(&self, file: usize, offset: u64, buf: &mut [u8]) -> bool {
        self.warm && self.bytes(file, offset, buf).is_ok()
    }

    fn read(&self, block: BlockRequest) -> oneshot::Receiver<BlockBuf> {
        let (answer, receiver) = oneshot::channel();
        self.asked.borrow_mut().push_back((block, answer));
        receiver
    }
}

/// A span of a file.
fn span(file: usize, offset: u64, len: u64) -> FileSpan {
    let file = Some(file);
    FileSpan { file, offset, len }
}

/// The test's end of a connection.
struct End {
    files: Rc<Folder>,
    peer: TcpStream,
    heard: mpsc::Receiver<((), Heard)>,
    orders: mpsc::UnboundedSender<Order>,
}

impl End {
    async fn start(room_for_heard: usize) -> End {
        End::with(Folder::default(), room_for_heard, &[]).await
    }

    /// The connection sends what is in a folder, all of it in memory.
    async fn sharing(path: &Path) -> End {
        let folder = Folder {
            path: path.to_owned(),
            warm: true,
            ..Folder::default()
        };
        End::with(folder, 100, &[]).await
    }

    /// The connection has these bytes from the peer already.
    async fn with(files: Folder, room_for_heard: usize, early: &[u8]) -> End {
        End::over(files, room_for_heard, early, Stream::Tcp).await
    }

    /// The same, over whatever stream is made of a socket.
    async fn over(
        files: Folder,
        room_for_heard: usize,
        early: &[u8],
        stream: impl FnOnce(TcpStream) -> Stream,
    ) -> End {
        let files = Rc::new(files);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap());
        let (peer, accepted) = tokio::join!(peer, listener.accept());
        let (to, heard) = mpsc::channel(room_for_heard);
        let (orders, receiver) = mpsc::unbounded_channel();
        tokio::task::spawn_local(connection::run(Setup {
            key: (),
            stream: stream(accepted.unwrap().0),
            early: early.to_vec(),
            pieces: PIECES,
            terms: connection::Terms::default(),
            pool: Pool::new(10),
            source: files.clone(),
            to,
            orders: receiver,
        }));
        let mut end = End {
            files,
            peer: peer.unwrap(),
            heard,
            orders,
        };
        assert!(matches!(end.next().await, Heard::Room(UPLOAD_ROOM)));
        end
    }

    /// Orders a block of one file; its bytes are said to be in file 0.
    fn upload(&self, block: BlockRequest) {
        let spans = vec![span(0, 0, block.len.into())];
        self.order(Order::Upload { block, spans });
    }

    /// What the peer gets next.
    async fn sees(&mut self, expected: &[u8]) {
        let mut got = vec![0; expected.len()];
        let read = timeout(Duration::from_secs(10), self.peer.read_exact(&mut got)).await;
        read.expect("something is sent").unwrap();
        assert!(got == expected);
    }

    /// Waits until so many reads are asked for.
    async fn asked(&self, count: usize) {
        while self.files.waiting().len() < count {
            tokio::task::yield_now().await;
        }
        assert_eq!(self.files.waiting().len(), count);
    }

    async fn next(&mut self) -> Heard {
        let heard = timeout(Duration::from_secs(10), self.heard.recv()).await;
        heard
            .expect("something is heard")
            .expect("the connection lives")
            .1
    }

    fn order(&self, order: Order) {
        self.orders.send(order).unwrap();
    }

    /// Asks for blocks, and waits until the peer has the requests.
    async fn ask(&mut self, blocks: &[BlockRequest]) {
        for &block in blocks {
            self.order(Order::Send(Message::Request(block)));
        }
        let mut requests = vec![0; 17 * blocks.len()];
        self.peer.read_exact(&mut requests).await.unwrap();
    }

    async fn piece(&mut self, piece: u32, offset: u32, payload: &[u8]) {
        let header = piece_header(piece, offset, payload.len() as u32);
        self.peer.write_all(&header).await.unwrap();
        self.peer.write_all(payload).await.unwrap();
    }

    async fn block(&mut self) -> (BlockRequest, Vec<u8>) {
        match self.next().await {
            Heard::Block { block, data } => (block, data[..block.len as usize].to_vec()),
            other => panic!("a block, not {other:?}"),
        }
    }

    /// What was of no use, and how many bytes.
    async fn wasted(&mut self) -> (Option<BlockRequest>, u64) {
        match self.next().await {
            Heard::Wasted { block, bytes } => (block, bytes),
            other => panic!("something of no use, not {other:?}"),
        }
    }
}

fn block(piece: u32, index: u32) -> BlockRequest {
    BlockRequest {
        piece,
        offset: index * blocks::BLOCK,
        len: blocks::BLOCK,
    }
}

fn payload(len: usize, seed: u8) -> Vec<u8> {
    (0..len)
        .map(|i| (i as u8).wrapping_mul(31).wrapping_add(seed))
        .collect()
}

/// Runs a test on a thread that may hold what is not shared between threads.
async fn local(test: impl Future<Output = ()>) {
    LocalSet::new().run_until(test).await;
}

#[tokio::test]
async fn an_order_ends_the_connection_without_a_word() {
    local(async {
        let mut end = End::start(100).await;
        end.order(Order::Close);
        assert_eq!(end.peer.read(&mut [0; 10]).await.unwrap(), 0);
        assert!(end.heard.recv().await.is_none());
    })
    .await;
}
