//! A connection on loopback, with a peer that the test plays.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use connection::{FileSpan, Heard, Order, Pool, UPLOAD_ROOM};
use messages::{BlockRequest, Message, piece_header};
use pretty_assertions::assert_eq;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::LocalSet;
use tokio::time::timeout;

const PIECES: u32 = 100;

/// The test's end of a connection.
struct End {
    peer: TcpStream,
    heard: mpsc::Receiver<((), Heard)>,
    orders: mpsc::UnboundedSender<Order>,
}

impl End {
    async fn start(room_for_heard: usize) -> End {
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
            (),
            to,
            receiver,
        ));
        let mut end = End {
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
        let path = dir.path().join("file");
        File::create(&path).unwrap().write_all(&content).unwrap();
        let file = Some(Arc::new(File::open(&path).unwrap()));
        let mut end = End::start(100).await;
        end.order(Order::Send(Message::Unchoke));
        end.order(Order::Upload {
            block: block(2, 1),
            spans: vec![
                FileSpan {
                    file: file.clone(),
                    offset: 50_000,
                    len: 6_000,
                },
                FileSpan {
                    file: None,
                    offset: 0,
                    len: 5_384,
                },
                FileSpan {
                    file,
                    offset: 0,
                    len: 5_000,
                },
            ],
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
async fn a_file_that_became_shorter_ends_the_connection() {
    local(async {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        File::create(&path).unwrap().write_all(&[1; 10]).unwrap();
        let file = Some(Arc::new(File::open(&path).unwrap()));
        let mut end = End::start(100).await;
        end.order(Order::Upload {
            block: block(0, 0),
            spans: vec![FileSpan {
                file,
                offset: 0,
                len: 16_384,
            }],
        });
        let Heard::Closed(why) = end.next().await else {
            panic!("an end");
        };
        assert!(why.contains("shorter"), "{why}");
    })
    .await;
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
