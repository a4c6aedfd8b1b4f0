//! What comes from a peer.

use pretty_assertions::assert_eq;

use super::*;

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
        assert_eq!(end.wasted().await, (Some(block(4, 0)), 16_384));
        end.ask(&[block(5, 0)]).await;
        end.piece(5, 0, &payload(16_384, 2)).await;
        end.piece(5, 0, &payload(16_384, 3)).await;
        end.peer.write_all(&[0, 0, 0, 1, 1]).await.unwrap();
        assert_eq!(end.block().await, (block(5, 0), payload(16_384, 2)));
        assert_eq!(end.wasted().await, (Some(block(5, 0)), 16_384));
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
        assert_eq!(end.wasted().await, (Some(block(0, 0)), 16_384));
        end.peer.write_all(&[0, 0, 0, 1, 0]).await.unwrap();
        end.piece(0, blocks::BLOCK, &payload(16_384, 2)).await;
        end.peer.write_all(&[0, 0, 0, 1, 1]).await.unwrap();
        assert!(matches!(end.next().await, Heard::Message(Message::Choke)));
        assert_eq!(end.wasted().await, (Some(block(0, 1)), 16_384));
        assert!(matches!(end.next().await, Heard::Message(Message::Unchoke)));
        // What has come of a block when the connection ends is told then.
        end.ask(&[block(1, 0)]).await;
        let header = piece_header(1, 0, 16_384);
        end.peer.write_all(&header).await.unwrap();
        end.peer.write_all(&payload(5_000, 1)).await.unwrap();
        end.peer.shutdown().await.unwrap();
        assert_eq!(end.wasted().await, (None, 5_000));
        assert!(matches!(end.next().await, Heard::Closed(_)));
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
        assert_eq!(end.wasted().await, (Some(block(0, 0)), 16_384));
        assert_eq!(end.block().await, (block(0, 1), payload(16_384, 2)));
    })
    .await;
}
