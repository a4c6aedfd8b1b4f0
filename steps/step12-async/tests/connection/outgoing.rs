//! What goes to a peer.

use pretty_assertions::assert_eq;

use super::*;

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
async fn a_block_that_cannot_be_read_is_dropped_when_its_turn_comes() {
    local(async {
        let mut end = End::start(100).await;
        end.upload(block(0, 0));
        end.upload(block(0, 1));
        end.order(Order::Send(Message::Have(1)));
        end.upload(block(0, 2));
        end.asked(3).await;
        end.files.fail(1);
        let heard = timeout(Duration::from_millis(100), end.heard.recv()).await;
        assert!(heard.is_err(), "{heard:?}");
        end.files.answer(0, 7);
        end.sees(&piece_header(0, 0, blocks::BLOCK)).await;
        end.sees(&[7; 16_384]).await;
        assert!(matches!(end.next().await, Heard::Room(16_384)));
        let heard = end.next().await;
        assert!(
            matches!(heard, Heard::Unsent(unsent) if unsent == block(0, 1)),
            "{heard:?}"
        );
        // The connection goes on, with nothing of it.
        let mut expected = Vec::new();
        Message::Have(1).encode(&mut expected);
        end.sees(&expected).await;
        end.files.answer(0, 9);
        end.sees(&piece_header(0, 2 * blocks::BLOCK, blocks::BLOCK))
            .await;
        end.sees(&[9; 16_384]).await;
        assert!(matches!(end.next().await, Heard::Room(16_384)));
    })
    .await;
}

#[tokio::test]
async fn nothing_of_a_long_block_is_sent_before_all_of_it_is_there() {
    local(async {
        let mut end = End::start(100).await;
        let long = |piece| BlockRequest {
            piece,
            offset: 0,
            len: blocks::MAX_BLOCK,
        };
        end.upload(long(0));
        end.asked(8).await;
        for _ in 0..7 {
            end.files.answer(0, 1);
        }
        let mut got = [0; 1];
        let read = timeout(Duration::from_millis(100), end.peer.read(&mut got)).await;
        assert!(read.is_err(), "{read:?}");
        end.files.fail(0);
        let heard = end.next().await;
        assert!(
            matches!(heard, Heard::Unsent(unsent) if unsent == long(0)),
            "{heard:?}"
        );
        end.upload(long(1));
        end.asked(8).await;
        for _ in 0..8 {
            end.files.answer(0, 2);
        }
        end.sees(&piece_header(1, 0, blocks::MAX_BLOCK)).await;
        end.sees(&[2; blocks::MAX_BLOCK as usize]).await;
        assert!(matches!(end.next().await, Heard::Room(131_072)));
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
        slow.sees(&piece_header(1, 0, blocks::BLOCK)).await;
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
