//! A connection on loopback, with a peer that the test plays.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use connection::{FileSpan, Files, Heard, Order, Pool, UPLOAD_ROOM};
use messages::{BlockRequest, Message, piece_header};
use pretty_assertions::assert_eq;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::LocalSet;
use tokio::time::timeout;

const PIECES: u32 = 100;

/// Files in a folder, named by their numbers.
#[derive(Default)]
struct Folder {
    path: PathBuf,
    opened: Cell<usize>,
    unreadable: RefCell<Vec<usize>>,
}

impl Files for Folder {
    fn open(&self, file: usize) -> io::Result<Arc<File>> {
        self.opened.set(self.opened.get() + 1);
        Ok(Arc::new(File::open(self.path.join(file.to_string()))?))
    }

    fn unreadable(&self, file: usize, _: &io::Error) {
        self.unreadable.borrow_mut().push(file);
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
        End::sharing(PathBuf::new(), room_for_heard).await
    }

    /// The connection sends what is in a folder.
    async fn sharing(path: impl Into<PathBuf>, room_for_heard: usize) -> End {
        let files = Rc::new(Folder {
            path: path.into(),
            ..Folder::default()
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap());
        let (peer, accepted) = tokio::join!(peer, listener.accept());
        let (to, heard) = mpsc::channel(room_for_heard);
        let (orders, receiver) = mpsc::unbounded_channel();
        let stream = accepted.unwrap().0;
        tokio::task::spawn_local(connection::run(
            stream,
            PIECES,
            Pool::new(10),
            files.clone(),
            (),
            to,
            receiver,
        ));
        let mut end = End {
            files,
            peer: peer.unwrap(),
            heard,
            orders,
        };
        assert!(matches!(end.next().await, Heard::Room(UPLOAD_ROOM)));
        end
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
async fn blocks_come_whole_however_the_stream_is_cut() {
    local(async {
        let mut end = End::start(100).await;
        let asked = [block(0, 0), block(0, 1), block(7, 0)];
        end.ask(&asked).await;
        let mut stream = Vec::new();
        for (seed, asked) in asked.iter().enumerate() {
            stream.extend(piece_header(asked.piece, asked.offset, asked.len));
            stream.extend(payload(asked.len as usize, seed as u8));
            Message::Have(seed as u32).encode(&mut stream);
        }
        for part in stream.chunks(1_777) {
            end.peer.write_all(part).await.unwrap();
            tokio::task::yield_now().await;
        }
        for (seed, asked) in asked.into_iter().enumerate() {
            assert_eq!(end.block().await, (asked, payload(16_384, seed as u8)));
            let Heard::Message(message) = end.next().await else {
                panic!("a message");
            };
            assert_eq!(message, Message::Have(seed as u32));
        }
    })
    .await;
}

#[tokio::test]
async fn an_answer_of_32_kib_is_two_blocks() {
    local(async {
        let mut end = End::start(100).await;
        end.ask(&[block(3, 2), block(3, 3)]).await;
        let bytes = payload(32_768, 5);
        end.piece(3, 2 * blocks::BLOCK, &bytes).await;
        assert_eq!(end.block().await, (block(3, 2), bytes[..16_384].to_vec()));
        assert_eq!(end.block().await, (block(3, 3), bytes[16_384..].to_vec()));
    })
    .await;
}

#[tokio::test]
async fn odd_cuts_are_put_together_in_any_order() {
    local(async {
        let mut end = End::start(100).await;
        end.ask(&[block(1, 0), block(1, 1)]).await;
        let bytes = payload(32_768, 9);
        // The end, then the middle over the border of the blocks, then the start.
        for (from, to) in [(30_000, 32_768), (10_000, 30_000), (0, 10_000)] {
            end.piece(1, from as u32, &bytes[from..to]).await;
        }
        assert_eq!(end.block().await, (block(1, 1), bytes[16_384..].to_vec()));
        assert_eq!(end.block().await, (block(1, 0), bytes[..16_384].to_vec()));
    })
    .await;
}

#[tokio::test]
async fn what_nobody_asked_for_is_read_past() {
    local(async {
        let mut end = End::start(100).await;
        end.piece(4, 0, &payload(16_384, 1)).await;
        end.ask(&[block(5, 0)]).await;
        end.piece(5, 0, &payload(16_384, 2)).await;
        end.piece(5, 0, &payload(16_384, 3)).await;
        end.peer.write_all(&[0, 0, 0, 1, 1]).await.unwrap();
        assert_eq!(end.block().await, (block(5, 0), payload(16_384, 2)));
        assert!(matches!(end.next().await, Heard::Message(Message::Unchoke)));
    })
    .await;
}

#[tokio::test]
async fn a_cancel_and_a_choke_drop_requests() {
    local(async {
        let mut end = End::start(100).await;
        end.ask(&[block(0, 0), block(0, 1)]).await;
        end.order(Order::Send(Message::Cancel(block(0, 0))));
        let mut cancel = [0; 17];
        end.peer.read_exact(&mut cancel).await.unwrap();
        end.piece(0, 0, &payload(16_384, 1)).await;
        end.peer.write_all(&[0, 0, 0, 1, 0]).await.unwrap();
        end.piece(0, blocks::BLOCK, &payload(16_384, 2)).await;
        end.peer.write_all(&[0, 0, 0, 1, 1]).await.unwrap();
        assert!(matches!(end.next().await, Heard::Message(Message::Choke)));
        assert!(matches!(end.next().await, Heard::Message(Message::Unchoke)));
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_cannot_be_right_ends_the_connection_with_the_reason() {
    local(async {
        let mut end = End::start(100).await;
        end.peer.write_all(&[0xff; 40]).await.unwrap();
        let Heard::Closed(why) = end.next().await else {
            panic!("an end");
        };
        assert!(!why.is_empty());
        assert_eq!(end.peer.read(&mut [0; 10]).await.unwrap_or(0), 0);
    })
    .await;
}

#[tokio::test]
async fn the_peers_goodbye_is_heard_after_all_it_said() {
    local(async {
        let mut end = End::start(100).await;
        end.peer.write_all(&[0, 0, 0, 1, 2, 0, 0]).await.unwrap();
        end.peer.shutdown().await.unwrap();
        assert!(matches!(
            end.next().await,
            Heard::Message(Message::Interested)
        ));
        assert!(matches!(end.next().await, Heard::Closed(_)));
    })
    .await;
}

#[tokio::test]
async fn while_nobody_listens_the_socket_is_not_read() {
    local(async {
        let mut end = End::start(4).await;
        // Far more keep-alives than the channel and the sockets' buffers can hold.
        let flood = vec![0; 32 * 1024 * 1024];
        let written = timeout(Duration::from_millis(500), end.peer.write_all(&flood)).await;
        assert!(written.is_err(), "the peer is held up");
        for _ in 0..100 {
            assert!(matches!(
                end.next().await,
                Heard::Message(Message::KeepAlive)
            ));
        }
    })
    .await;
}

#[tokio::test]
async fn uploads_come_out_of_the_files_in_order() {
    local(async {
        let dir = tempfile::tempdir().unwrap();
        let content = payload(100_000, 3);
        std::fs::write(dir.path().join("0"), &content).unwrap();
        let mut end = End::sharing(dir.path(), 100).await;
        let padding = FileSpan {
            file: None,
            offset: 0,
            len: 5_384,
        };
        end.order(Order::Send(Message::Unchoke));
        end.order(Order::Upload {
            block: block(2, 1),
            spans: vec![span(0, 50_000, 6_000), padding, span(0, 0, 5_000)],
        });
        end.order(Order::Send(Message::Have(9)));
        let mut expected = vec![0, 0, 0, 1, 1];
        expected.extend(piece_header(2, blocks::BLOCK, blocks::BLOCK));
        expected.extend(&content[50_000..56_000]);
        expected.extend(vec![0; 5_384]);
        expected.extend(&content[..5_000]);
        Message::Have(9).encode(&mut expected);
        let mut got = vec![0; expected.len()];
        end.peer.read_exact(&mut got).await.unwrap();
        assert!(got == expected);
        assert!(matches!(end.next().await, Heard::Room(16_384)));
    })
    .await;
}

#[tokio::test]
async fn a_block_of_many_tiny_files_comes_whole() {
    local(async {
        let dir = tempfile::tempdir().unwrap();
        let content = payload(blocks::BLOCK as usize, 5);
        let mut spans = Vec::new();
        // 256 files of 32 bytes, and then one that is not small.
        for (file, bytes) in content[..8 * 1024].chunks(32).enumerate() {
            std::fs::write(dir.path().join(file.to_string()), [&[0; 9], bytes].concat()).unwrap();
            spans.push(span(file, 9, 32));
        }
        std::fs::write(dir.path().join("999"), &content[8 * 1024..]).unwrap();
        spans.push(span(999, 0, 8 * 1024));
        let mut end = End::sharing(dir.path(), 100).await;
        end.order(Order::Upload {
            block: block(0, 0),
            spans,
        });
        let mut expected = piece_header(0, 0, blocks::BLOCK).to_vec();
        expected.extend(content);
        let mut got = vec![0; expected.len()];
        end.peer.read_exact(&mut got).await.unwrap();
        assert!(got == expected);
        assert!(matches!(end.next().await, Heard::Room(16_384)));
    })
    .await;
}

#[tokio::test]
async fn a_file_is_opened_when_its_turn_comes_and_not_when_it_is_ordered() {
    local(async {
        let dir = tempfile::tempdir().unwrap();
        // The sockets' buffers take some of the first file, and nobody reads it.
        let first = 64 * 1024 * 1024;
        let file = File::create(dir.path().join("0")).unwrap();
        file.set_len(first).unwrap();
        let mut end = End::sharing(dir.path(), 100).await;
        end.order(Order::Upload {
            block: block(0, 0),
            spans: vec![span(0, 0, first)],
        });
        end.order(Order::Upload {
            block: block(0, 1),
            spans: vec![span(1, 0, 16_384)],
        });
        let mut header = [0; 13];
        end.peer.read_exact(&mut header).await.unwrap();
        // File 1 does not exist. That is no fault as long as nobody gets there.
        let heard = timeout(Duration::from_millis(200), end.heard.recv()).await;
        assert!(heard.is_err(), "{heard:?}");
        assert!(end.files.opened.get() > 0);
    })
    .await;
}

#[tokio::test]
async fn a_file_that_became_shorter_ends_the_connection_and_is_named() {
    for (len, there) in [(16_384, 10), (1_000, 999)] {
        local(async {
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join("7"), vec![1; there]).unwrap();
            let mut end = End::sharing(dir.path(), 100).await;
            end.order(Order::Upload {
                block: BlockRequest { len, ..block(0, 0) },
                spans: vec![span(7, 0, len.into())],
            });
            let Heard::Closed(why) = end.next().await else {
                panic!("an end");
            };
            assert!(why.contains("shorter"), "{why}");
            assert_eq!(*end.files.unreadable.borrow(), [7]);
        })
        .await;
    }
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
