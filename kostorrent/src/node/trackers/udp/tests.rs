//! Two families, one answer.

use std::future::pending;

use pretty_assertions::assert_eq;
use tokio::task::LocalSet;

use super::*;

fn reply(peers: &[&str]) -> Said {
    Ok(Answer::Announced(AnnounceReply {
        interval: Duration::from_secs(1_800),
        min_interval: None,
        tracker_id: None,
        complete: Some(1),
        incomplete: Some(0),
        external_ip: None,
        peers: peers.iter().map(|peer| peer.parse().unwrap()).collect(),
        warning: None,
    }))
}

fn refused() -> Said {
    let reason = "no".to_owned();
    Err(Failure::Refused { reason }.into())
}

fn unreachable() -> Said {
    Err(AskError::Unreachable("no way".to_owned()))
}

fn timed_out() -> Said {
    let patience = Duration::from_secs(20);
    Err(Failure::TimedOut { patience }.into())
}

/// What comes of two answers after so many milliseconds each, `None` being never; and when.
async fn asked(answers: [(Option<u64>, Said); 2]) -> (Said, u128) {
    let began = Instant::now();
    let mut set = JoinSet::new();
    let said = async {
        for (after, said) in answers {
            set.spawn_local(async move {
                match after {
                    Some(after) => tokio::time::sleep(Duration::from_millis(after)).await,
                    None => pending().await,
                }
                said
            });
        }
        both(set).await
    };
    let said = LocalSet::new().run_until(said).await;
    (said, began.elapsed().as_millis())
}

#[tokio::test(start_paused = true)]
async fn the_answers_of_both_families_are_one() {
    let (four, six) = ("192.0.2.1:1", "[2001:db8::1]:1");
    let (said, after) = asked([(Some(10), reply(&[four])), (Some(400), reply(&[six, six]))]).await;
    assert_eq!((said, after), (reply(&[four, six]), 400));
}

#[tokio::test(start_paused = true)]
async fn of_two_counts_the_one_of_the_larger_network_is_taken() {
    let counts = |seeders| {
        let scraped = Scraped {
            seeders,
            completed: 9,
            leechers: 1,
        };
        Ok(Answer::Scraped(vec![scraped]))
    };
    for answers in [[2, 5], [5, 2]] {
        let (said, _) = asked(answers.map(|seeders| (Some(10), counts(seeders)))).await;
        assert_eq!(said, counts(5));
    }
    let (said, _) = asked([(Some(0), Ok(Answer::Scraped(vec![]))), (Some(9), counts(1))]).await;
    assert_eq!(said, counts(1));
}

#[tokio::test(start_paused = true)]
async fn a_silent_family_is_waited_for_shortly() {
    let four = reply(&["192.0.2.1:1"]);
    let (said, after) = asked([(None, refused()), (Some(100), four.clone())]).await;
    assert_eq!((said, after), (four, 600));
    let (said, after) = asked([(None, refused()), (Some(100), refused())]).await;
    assert_eq!((said, after), (refused(), 600));
}

#[tokio::test(start_paused = true)]
async fn a_family_that_leads_nowhere_takes_nothing_from_the_other() {
    let six = reply(&["[2001:db8::1]:1"]);
    for bad in [unreachable(), refused(), timed_out()] {
        let (said, _) = asked([(Some(0), bad), (Some(9), six.clone())]).await;
        assert_eq!(said, six);
    }
    let (said, after) = asked([(Some(0), unreachable()), (Some(20_000), timed_out())]).await;
    assert_eq!((said, after), (timed_out(), 20_000));
    let (said, _) = asked([(Some(0), refused()), (Some(9), unreachable())]).await;
    assert_eq!(said, refused());
}

#[test]
fn udp_urls_are_known_in_any_spelling() {
    for url in ["udp://t.example:80", " UDP://t.example:80/announce"] {
        assert!(is_udp(url), "{url}");
    }
    for url in ["http://udp:80/", "https://t.example/udp:", "udp", ""] {
        assert!(!is_udp(url), "{url}");
    }
}

#[tokio::test]
async fn what_goes_wrong_is_told_with_the_host_and_without_the_key() {
    let closed = Udp::closed(&std::io::Error::other("too many files"));
    let by_udp = ByUdp::new(closed, Default::default());
    let request = AnnounceRequest {
        info_hash: metainfo::InfoHash([0; 20]),
        peer_id: peer_id::PeerId([0; 20]),
        port: 1,
        uploaded: 0,
        downloaded: 0,
        left: 0,
        event: None,
        numwant: None,
        key: 0,
        tracker_id: None,
    };
    let ask = async |url: &str| {
        let asked = by_udp.announce(url, &request);
        let error = LocalSet::new().run_until(asked).await.unwrap_err();
        error.to_string()
    };
    assert_eq!(
        ask("udp://127.0.0.1:80/secret").await,
        "cannot reach the tracker 127.0.0.1:80: there is no UDP port to be had on this machine: \
         too many files"
    );
    assert_eq!(
        ask("udp://t.example/secret").await,
        "cannot reach the tracker t.example: the tracker's URL names no port: write \
         `udp://t.example:PORT/`"
    );
}
