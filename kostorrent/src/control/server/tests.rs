use std::fs;
use std::path::Path;
use std::time::Duration;

use pretty_assertions::assert_eq;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use super::super::client::{ask, found_in};
use super::super::{Ask, ControlError, Said, folder};
use super::Server;

/// A server of one process that answers all it is asked.
fn answering(place: &Path, pid: u32) -> tokio::task::JoinHandle<()> {
    let mut server = Server::open_in(place).unwrap();
    tokio::spawn(async move {
        loop {
            let asked = server.next().await;
            let said = match &asked.ask {
                Ask::Status => Said::Status {
                    pid,
                    torrents: Vec::new(),
                },
                Ask::Pause { torrent } => Said::Done(torrent.clone()),
                _ => Said::Error("no".into()),
            };
            asked.answer(said);
        }
    })
}

fn folder() -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("k");
    (dir, place)
}

#[tokio::test]
async fn every_process_is_found_and_answers() {
    let (_dir, place) = folder();
    let (one, two) = (answering(&place, 1), answering(&place, 2));
    let found = found_in(&place).await;
    let mut pids: Vec<_> = found.running.iter().map(|running| running.pid).collect();
    pids.sort_unstable();
    assert_eq!((pids, found.trouble.len()), (vec![1, 2], 0));
    let socket = &found.running[0].socket;
    let torrent = "ab".to_owned();
    let done = ask(socket, &Ask::Pause { torrent }).await.unwrap();
    assert_eq!(done, Said::Done("ab".into()));
    let torrent = String::new();
    let refused = ask(socket, &Ask::Stop { torrent }).await.unwrap_err();
    assert_eq!(refused.to_string(), "no");
    one.abort();
    two.abort();
}

#[tokio::test]
async fn who_ends_leaves_nothing_behind() {
    let (_dir, place) = folder();
    let (one, two) = (Server::open_in(&place).unwrap(), Server::open_in(&place));
    drop(one);
    assert_eq!(folder::sockets(&place).len(), 1);
    drop(two);
    assert!(!place.exists());
}

#[tokio::test]
async fn what_a_dead_process_has_left_is_removed() {
    let (_dir, place) = folder();
    folder::make(&place).unwrap();
    let dead = place.join("1-0.sock");
    drop(std::os::unix::net::UnixListener::bind(&dead).unwrap());
    assert!(matches!(
        ask(&dead, &Ask::Status).await,
        Err(ControlError::Dead)
    ));
    let found = found_in(&place).await;
    assert!(found.running.is_empty() && found.trouble.is_empty());
    assert!(!dead.exists(), "a client removes it");

    drop(std::os::unix::net::UnixListener::bind(&dead).unwrap());
    let server = answering(&place, 3);
    while dead.exists() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(found_in(&place).await.running.len(), 1);
    server.abort();
}

#[tokio::test]
async fn only_its_user_may_open_the_socket() {
    use std::os::unix::fs::MetadataExt;
    let (_dir, place) = folder();
    let server = Server::open_in(&place).unwrap();
    let socket = folder::sockets(&place).remove(0);
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!((mode(&place), mode(&socket)), (0o700, 0o600));
    drop(server);
}

#[tokio::test]
async fn what_is_too_long_or_no_question_is_answered_and_hung_up_on() {
    let (_dir, place) = folder();
    let server = answering(&place, 1);
    let socket = folder::sockets(&place).remove(0);
    for (question, part) in [
        (vec![b'x'; 1 << 20], "one line of at most"),
        (b"\n".to_vec(), "JSON"),
        (b"{\"version\":9,\"ask\":\"fly\"}\n".to_vec(), "version 9"),
    ] {
        let mut stream = UnixStream::connect(&socket).await.unwrap();
        // It need not be read to its end.
        let _ = stream.write_all(&question).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.contains(part), "{answer}");
    }
    assert_eq!(found_in(&place).await.running.len(), 1, "it goes on");
    server.abort();
}

#[tokio::test]
async fn those_who_say_nothing_are_hung_up_on() {
    let (_dir, place) = folder();
    let server = answering(&place, 1);
    let socket = folder::sockets(&place).remove(0);
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(UnixStream::connect(&socket).await.unwrap());
    }
    // The first are waited for, the others hung up on.
    let mut end = [0];
    assert_eq!(silent[19].read(&mut end).await.unwrap(), 0);
    for mut silent in silent {
        assert_eq!(silent.read(&mut end).await.unwrap(), 0);
    }
    assert_eq!(found_in(&place).await.running.len(), 1, "it goes on");
    server.abort();
}
