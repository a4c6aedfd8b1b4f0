//! A connection on loopback, with a peer that the test plays.

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
type Asked = (BlockRequest, oneshot::Sender<Result<BlockBuf, String>>);

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
        let _ = answer.send(Ok(buf));
    }

    fn fail(&self, at: usize) {
        let (_, answer) = self.asked.borrow_mut().remove(at).unwrap();
        answer.send(Err("the disk is on fire".to_owned())).unwrap();
    }
}

impl Source for Folder {
    fn read_now(&self, file: usize, offset: u64, buf: &mut [u8]) -> bool {
        self.warm && self.bytes(file, offset, buf).is_ok()
    }

    fn read(&self, block: BlockRequest) -> oneshot::Receiver<Result<BlockBuf, String>> {
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
        let files = Rc::new(files);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap());
        let (peer, accepted) = tokio::join!(peer, listener.accept());
        let (to, heard) = mpsc::channel(room_for_heard);
        let (orders, receiver) = mpsc::unbounded_channel();
        tokio::task::spawn_local(connection::run(Setup {
            key: (),
            stream: Stream::Tcp(accepted.unwrap().0),
            early: early.to_vec(),
            pieces: PIECES,
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
        let heard = end.next().await;
        assert!(matches!(heard, Heard::Closed(Ended::Broke(_))), "{heard:?}");
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
        assert!(matches!(end.next().await, Heard::Closed(Ended::HungUp)));
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
        let mut end = End::sharing(dir.path()).await;
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
        let mut end = End::sharing(dir.path()).await;
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
async fn a_file_that_cannot_be_read_is_no_fault_until_its_turn() {
    local(async {
        let mut end = End::start(100).await;
        end.upload(block(0, 0));
        end.upload(block(0, 1));
        end.asked(2).await;
        end.files.fail(1);
        end.order(Order::Send(Message::Have(1)));
        let heard = timeout(Duration::from_millis(100), end.heard.recv()).await;
        assert!(heard.is_err(), "{heard:?}");
        end.files.answer(0, 7);
        end.sees(&piece_header(0, 0, blocks::BLOCK)).await;
        end.sees(&[7; 16_384]).await;
        let heard = end.next().await;
        let Heard::Closed(Ended::CannotRead(why)) = heard else {
            panic!("{heard:?}");
        };
        assert_eq!(why, "the disk is on fire");
    })
    .await;
}

#[tokio::test]
async fn when_nobody_reads_the_files_any_more_the_connection_ends() {
    local(async {
        let mut end = End::start(100).await;
        end.upload(block(0, 0));
        end.asked(1).await;
        end.files.asked.borrow_mut().clear();
        let heard = end.next().await;
        assert!(
            matches!(heard, Heard::Closed(Ended::CannotRead(_))),
            "{heard:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn reads_are_sent_in_order_whichever_is_done_first() {
    local(async {
        let mut end = End::start(100).await;
        let mut expected = Vec::new();
        for index in 0..20 {
            end.upload(block(3, index));
            expected.extend(piece_header(3, index * blocks::BLOCK, blocks::BLOCK));
            expected.extend([index as u8; 16_384]);
            end.order(Order::Send(Message::Have(index)));
            Message::Have(index).encode(&mut expected);
        }
        // Several at a time, but not all: each holds a buffer.
        end.asked(8).await;
        assert_eq!(
            end.files.waiting(),
            (0..8).map(|i| block(3, i)).collect::<Vec<_>>()
        );
        let answering = async {
            let files = &end.files;
            let mut answered = 0;
            while answered < 20 {
                // The last first.
                let last = files.waiting().len().checked_sub(1);
                if let Some(last) = last {
                    let index = files.waiting()[last].offset / blocks::BLOCK;
                    files.answer(last, index as u8);
                    answered += 1;
                }
                tokio::task::yield_now().await;
            }
        };
        let mut got = vec![0; expected.len()];
        let (read, ()) = tokio::join!(end.peer.read_exact(&mut got), answering);
        read.unwrap();
        assert!(got == expected);
        let mut room = 0;
        while room < 20 * 16_384 {
            let Heard::Room(bytes) = end.next().await else {
                panic!("room");
            };
            room += bytes;
        }
    })
    .await;
}

#[tokio::test]
async fn a_disk_that_sleeps_delays_only_those_who_wait_for_it() {
    local(async {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("0"), payload(16_384, 4)).unwrap();
        let mut slow = End::start(100).await;
        let mut quick = End::sharing(dir.path()).await;
        slow.order(Order::Send(Message::Unchoke));
        slow.upload(block(1, 0));
        slow.order(Order::Send(Message::Have(5)));
        slow.asked(1).await;
        // The others are served meanwhile,
        quick.upload(block(2, 0));
        quick.sees(&piece_header(2, 0, blocks::BLOCK)).await;
        quick.sees(&payload(16_384, 4)).await;
        // and the slow one goes on with what does not wait: it hears, and asks, and takes blocks.
        slow.sees(&[0, 0, 0, 1, 1]).await;
        slow.sees(&piece_header(1, 0, blocks::BLOCK)).await;
        let asked = block(7, 0);
        slow.order(Order::Send(Message::Request(asked)));
        tokio::task::yield_now().await;
        slow.peer.write_all(&[0, 0, 0, 1, 2]).await.unwrap();
        assert!(matches!(
            slow.next().await,
            Heard::Message(Message::Interested)
        ));
        slow.piece(7, 0, &payload(16_384, 8)).await;
        assert_eq!(slow.block().await, (asked, payload(16_384, 8)));
        // Nothing overtakes the block.
        let mut byte = [0];
        let early = timeout(Duration::from_millis(100), slow.peer.read(&mut byte)).await;
        assert!(early.is_err(), "{byte:?}");
        slow.files.answer(0, 9);
        slow.sees(&[9; 16_384]).await;
        let mut after = Vec::new();
        Message::Have(5).encode(&mut after);
        Message::Request(asked).encode(&mut after);
        slow.sees(&after).await;
        assert!(matches!(slow.next().await, Heard::Room(16_384)));
    })
    .await;
}

#[tokio::test]
async fn a_block_that_is_partly_in_memory_is_read_as_a_whole() {
    local(async {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("0"), payload(16_384, 4)).unwrap();
        let mut end = End::sharing(dir.path()).await;
        // File 1 is not there, so that it is in no memory.
        end.order(Order::Upload {
            block: block(0, 3),
            spans: vec![span(0, 0, 10_000), span(1, 0, 6_384)],
        });
        end.asked(1).await;
        assert_eq!(end.files.waiting(), [block(0, 3)]);
        end.files.answer(0, 3);
        end.sees(&piece_header(0, 3 * blocks::BLOCK, blocks::BLOCK))
            .await;
        end.sees(&[3; 16_384]).await;
    })
    .await;
}

#[tokio::test]
async fn a_peer_may_ask_for_more_than_a_block() {
    local(async {
        let long = BlockRequest {
            piece: 4,
            offset: 100,
            len: 40_000,
        };
        let dir = tempfile::tempdir().unwrap();
        let content = payload(40_000, 6);
        std::fs::write(dir.path().join("0"), &content[..20_000]).unwrap();
        std::fs::write(dir.path().join("1"), &content[20_000..]).unwrap();
        let order = || Order::Upload {
            block: long,
            spans: vec![span(0, 0, 20_000), span(1, 0, 20_000)],
        };
        let mut warm = End::sharing(dir.path()).await;
        warm.order(order());
        warm.sees(&piece_header(4, 100, 40_000)).await;
        warm.sees(&content).await;
        assert!(matches!(warm.next().await, Heard::Room(40_000)));

        let mut cold = End::start(100).await;
        cold.order(order());
        cold.asked(3).await;
        let parts = cold.files.waiting();
        let parts: Vec<_> = parts.iter().map(|part| (part.offset, part.len)).collect();
        assert_eq!(parts, [(100, 16_384), (16_484, 16_384), (32_868, 7_232)]);
        for byte in 0..3 {
            cold.files.answer(0, byte);
        }
        cold.sees(&piece_header(4, 100, 40_000)).await;
        cold.sees(&[vec![0; 16_384], vec![1; 16_384], vec![2; 7_232]].concat())
            .await;
        assert!(matches!(cold.next().await, Heard::Room(40_000)));
    })
    .await;
}

#[tokio::test]
async fn a_slow_peer_gets_every_byte_once() {
    local(async {
        let dir = tempfile::tempdir().unwrap();
        let content = payload(16_384, 1);
        std::fs::write(dir.path().join("0"), &content).unwrap();
        let mut end = End::sharing(dir.path()).await;
        // More than the sockets hold, so that writes are taken in part.
        let mut expected = Vec::new();
        for index in 0..1_000 {
            end.upload(block(0, index));
            expected.extend(piece_header(0, index * blocks::BLOCK, blocks::BLOCK));
            expected.extend(&content);
        }
        let mut got: Vec<u8> = Vec::new();
        let mut part = vec![0; 50_001];
        while got.len() < expected.len() {
            let read = end.peer.read(&mut part).await.unwrap();
            got.extend(&part[..read]);
            tokio::task::yield_now().await;
            while let Ok((_, heard)) = end.heard.try_recv() {
                assert!(matches!(heard, Heard::Room(_)), "{heard:?}");
            }
        }
        assert!(got == expected);
    })
    .await;
}

#[tokio::test]
async fn what_came_with_the_handshake_is_heard_first() {
    local(async {
        let mut early = vec![0, 0, 0, 1, 2, 0, 0];
        let mut end = End::with(Folder::default(), 100, &early).await;
        assert!(matches!(
            end.next().await,
            Heard::Message(Message::Interested)
        ));
        end.peer.write_all(&[0, 1, 3]).await.unwrap();
        assert!(matches!(
            end.next().await,
            Heard::Message(Message::NotInterested)
        ));
        // Nonsense ends the connection, after what made sense.
        early.extend([0; 2]);
        early.extend([0xff; 20]);
        let mut end = End::with(Folder::default(), 100, &early).await;
        let heard = [end.next().await, end.next().await, end.next().await];
        assert!(
            matches!(
                heard,
                [
                    Heard::Message(Message::Interested),
                    Heard::Message(Message::KeepAlive),
                    Heard::Closed(Ended::Broke(_))
                ]
            ),
            "{heard:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_request_that_crosses_a_choke_is_not_answered() {
    local(async {
        let mut end = End::start(100).await;
        end.peer.write_all(&[0, 0, 0, 1, 0]).await.unwrap();
        assert!(matches!(end.next().await, Heard::Message(Message::Choke)));
        end.ask(&[block(0, 0)]).await;
        end.peer.write_all(&[0, 0, 0, 1, 1]).await.unwrap();
        assert!(matches!(end.next().await, Heard::Message(Message::Unchoke)));
        end.ask(&[block(0, 1)]).await;
        end.piece(0, 0, &payload(16_384, 1)).await;
        end.piece(0, blocks::BLOCK, &payload(16_384, 2)).await;
        assert_eq!(end.block().await, (block(0, 1), payload(16_384, 2)));
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
