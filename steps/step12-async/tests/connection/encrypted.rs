//! A stream with a cipher in each direction.

use connection::Cipher;
use pretty_assertions::assert_eq;

use super::*;

/// A cipher that a byte too many, too few or in another place sets wrong for all that follows.
fn cipher(key: u32) -> Cipher {
    let mut state = key;
    Box::new(move |bytes| {
        for byte in bytes {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte ^= (state >> 24) as u8;
        }
    })
}

/// A connection that is encrypted; and what the peer has to read and write with.
async fn encrypted(files: Folder) -> (End, Cipher, Cipher) {
    let secure = |tcp| Stream::encrypted(tcp, cipher(1), cipher(2));
    let end = End::over(files, 100, &[], secure).await;
    (end, cipher(2), cipher(1))
}

#[tokio::test]
async fn what_a_peer_encrypts_is_heard_however_it_is_cut() {
    local(async {
        let (mut end, mut read, mut write) = encrypted(Folder::default()).await;
        let blocks: Vec<_> = (0..8).map(|index| block(3, index)).collect();
        for &block in &blocks {
            end.order(Order::Send(Message::Request(block)));
        }
        let mut requests = vec![0; 17 * blocks.len()];
        end.peer.read_exact(&mut requests).await.unwrap();
        read(&mut requests);
        let mut expected = Vec::new();
        for &block in &blocks {
            Message::Request(block).encode(&mut expected);
        }
        assert_eq!(requests, expected);

        // Blocks in and out of their order, and words between them: into the row, and beside it.
        let mut said = Vec::new();
        for index in [0, 1, 2, 4, 3, 5, 6, 7] {
            said.extend(piece_header(3, index * blocks::BLOCK, blocks::BLOCK));
            said.extend(payload(blocks::BLOCK as usize, index as u8));
            if index % 3 == 1 {
                Message::Have(index).encode(&mut said);
            }
        }
        write(&mut said);
        let cuts = [1, 12, 700, 16_384, 40_000];
        let mut rest = &said[..];
        for cut in cuts.into_iter().cycle() {
            let (part, more) = rest.split_at(cut.min(rest.len()));
            end.peer.write_all(part).await.unwrap();
            rest = more;
            if rest.is_empty() {
                break;
            }
            tokio::task::yield_now().await;
        }
        for index in [0, 1, 2, 4, 3, 5, 6, 7] {
            let (which, bytes) = end.block().await;
            assert_eq!(which, block(3, index));
            assert!(bytes == payload(blocks::BLOCK as usize, index as u8));
            if index % 3 == 1 {
                let heard = end.next().await;
                assert!(matches!(heard, Heard::Message(Message::Have(have)) if have == index));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_slow_peer_gets_every_encrypted_byte_once() {
    local(async {
        let dir = tempfile::tempdir().unwrap();
        let content = payload(blocks::BLOCK as usize, 3);
        std::fs::write(dir.path().join("0"), &content).unwrap();
        let files = Folder {
            path: dir.path().to_owned(),
            warm: true,
            ..Folder::default()
        };
        let (mut end, mut read, _) = encrypted(files).await;
        // Far more than the system takes at a time, and more is ordered while it waits.
        let (blocks_sent, at_once) = (600, 25);
        let mut expected = Vec::new();
        let mut got = Vec::new();
        for index in 0..blocks_sent {
            end.order(Order::Send(Message::Have(index)));
            Message::Have(index).encode(&mut expected);
            end.upload(block(index, 1));
            expected.extend(piece_header(index, blocks::BLOCK, blocks::BLOCK));
            expected.extend(&content);
            if index % at_once == 0 {
                let mut some = vec![0; 100_001.min(expected.len() - got.len())];
                end.peer.read_exact(&mut some).await.unwrap();
                got.extend(some);
            }
        }
        let mut rest = vec![0; expected.len() - got.len()];
        end.peer.read_exact(&mut rest).await.unwrap();
        got.extend(rest);
        read(&mut got);
        assert!(got == expected);
        // Each block counts as room again when it is out, and once.
        let mut room = 0;
        while room < u64::from(blocks_sent * blocks::BLOCK) {
            match end.next().await {
                Heard::Room(bytes) => room += bytes,
                other => panic!("room, not {other:?}"),
            }
        }
        assert_eq!(room, u64::from(blocks_sent * blocks::BLOCK));
    })
    .await;
}
