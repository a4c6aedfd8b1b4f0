use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use super::*;

/// The calls that the tests make here and in a browser, and compare.
const CALLS: &str = include_str!("../calls.json");

fn ask(playground: &mut Playground, name: &str, question: &Value) -> Value {
    let answer = playground.call(name, &question.to_string());
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["error"], Value::Null, "{name} {question}");
    answer
}

fn once(name: &str, question: Value) -> Value {
    ask(&mut Playground::default(), name, &question)
}

fn bencode(text: &str) -> Value {
    once("bencode", json!({ "hex": hex::encode(text) }))
}

#[test]
fn every_call_of_the_list_is_answered_and_the_same_each_time() {
    let calls: Vec<(String, Value)> = serde_json::from_str(CALLS).unwrap();
    let all = || {
        let mut playground = Playground::default();
        let answers = calls
            .iter()
            .map(|(name, question)| playground.call(name, &question.to_string()));
        answers.collect::<Vec<_>>()
    };
    let answers = all();
    assert_eq!(answers, all());
    let refused = answers
        .iter()
        .filter(|answer| answer.starts_with("{\"error\""));
    assert_eq!(refused.count(), 2, "two are refused on purpose");
}

#[test]
fn a_tree_has_the_place_of_each_value() {
    let answer = bencode("d4:spaml1:ai-3eee");
    let rows: Vec<(u64, u64, u64, &str)> = answer["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let number = |key: &str| row[key].as_u64().unwrap();
            let says = row["says"].as_str().unwrap();
            (number("from"), number("to"), number("depth"), says)
        })
        .collect();
    assert_eq!(
        rows,
        [
            (0, 17, 0, "dictionary"),
            (1, 7, 1, "key \"spam\""),
            (7, 16, 1, "list"),
            (8, 11, 2, "\"a\""),
            (11, 15, 2, "number -3"),
            (15, 16, 1, "end of the list"),
            (16, 17, 0, "end of the dictionary"),
        ]
    );
    assert_eq!(answer["torrent"], Value::Null);
}

#[test]
fn what_is_broken_is_named_with_its_place_and_what_is_odd_is_forgiven() {
    let broken = bencode("l4:spam");
    assert_eq!(broken["broken"][0], 7);
    assert_eq!(broken["rows"], json!([]));
    let odd = "d1:b0:1:ai01ee";
    assert_eq!(bencode(odd)["odd"].as_array().unwrap().len(), 2);
    let strict = once(
        "bencode",
        json!({ "hex": hex::encode(odd), "strict": true }),
    );
    assert_eq!(strict["broken"][0], 6);
}

#[test]
fn a_torrent_says_its_info_hash_or_why_it_is_none() {
    let info = "d6:lengthi3e4:name5:a.txt12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae";
    let torrent = bencode(&format!("d4:info{info}e"));
    let hash = hex::encode(hashing::digest(&[info.as_bytes()]));
    let about = torrent["torrent"]["about"].as_array().unwrap();
    assert!(about.contains(&json!(["info-hash", hash])), "{about:?}");
    assert_eq!(torrent["torrent"]["info"], json!([7, 7 + info.len()]));
    let none = bencode("d4:infodee");
    let why = none["torrent"]["refused"].as_str().unwrap();
    assert!(why.contains("info.name"), "{why}");
}

#[test]
fn one_request_leaves_the_line_empty_and_the_window_fills_it() {
    let far = |ahead: Option<u64>| {
        let question = json!({ "trip": 200, "rate": 5_000_000, "ahead": ahead });
        once("window", question)
    };
    assert_eq!(far(None)["fits"], 62);
    let used = |answer: &Value| answer["used_later"].as_u64().unwrap();
    assert!(used(&far(Some(1))) <= 2);
    assert!((6..=10).contains(&used(&far(Some(5)))));
    assert_eq!(used(&far(None)), 100);
    let here = far(None)["here"].as_array().unwrap().clone();
    assert_eq!((here.len(), here[0].as_u64()), (101, Some(0)));
}

fn wish() -> Value {
    json!({ "seeders": 1, "leechers": 4, "slow": 0, "riders": 0, "liars": 0, "pieces": 16,
            "order": "rarest", "seed": 1 })
}

/// Lets a swarm run until it is done, or for ten minutes. All its news, and how it is then.
fn swarm(wish: &Value) -> (Vec<String>, Value) {
    let mut playground = Playground::default();
    let mut state = ask(&mut playground, "swarm.new", wish);
    let mut news = Vec::new();
    while state["done"] == false && state["now"].as_u64() < Some(600_000) {
        let go = json!({ "swarm": state["swarm"], "millis": 1000 });
        state = ask(&mut playground, "swarm.run", &go);
        let told = state["news"].as_array().unwrap().iter();
        news.extend(told.map(|line| line.as_str().unwrap().to_owned()));
    }
    (news, state)
}

#[test]
fn a_swarm_runs_until_all_have_everything() {
    let (news, state) = swarm(&wish());
    assert_eq!(
        (&state["done"], &state["lost"]),
        (&json!(true), &json!(false))
    );
    let done = news.iter().filter(|line| line.contains("has everything"));
    assert_eq!(done.count(), 4);
    assert_eq!(state["copies"], json!(vec![5; 16]));
    let took = |order: &str| {
        let mut wish = wish();
        wish["leechers"] = json!(8);
        wish["order"] = json!(order);
        swarm(&wish).1["now"].as_u64().unwrap()
    };
    assert!(took("rarest") < took("sequential"));
}

#[test]
fn who_lies_is_banned_and_who_gives_nothing_sends_nothing() {
    let mut wish = wish();
    wish["liars"] = json!(1);
    wish["riders"] = json!(1);
    let (news, state) = swarm(&wish);
    assert!(
        news.iter().any(|line| line.contains("bans liar")),
        "{news:?}"
    );
    assert_eq!(state["done"], true);
    let rider = &state["peers"][6];
    assert_eq!(
        (&rider["name"], &rider["sent"]),
        (&json!("free-rider"), &json!(0))
    );
}

#[test]
fn a_swarm_dies_when_its_seeder_leaves_too_soon() {
    let mut playground = Playground::default();
    let state = ask(&mut playground, "swarm.new", &wish());
    let go = json!({ "swarm": state["swarm"], "millis": 5000 });
    ask(&mut playground, "swarm.run", &go);
    let who = json!({ "swarm": state["swarm"], "peer": 0 });
    let state = ask(&mut playground, "swarm.leave", &who);
    assert_eq!(
        (&state["lost"], &state["peers"][0]["here"]),
        (&json!(true), &json!(false))
    );
}

#[test]
fn the_end_game_spares_the_wait_for_the_slow_one() {
    let run = |ending: &str| once("end_game", json!({ "slow": 1000, "ending": ending }));
    let [wait, again, sooner] = ["wait", "again", "if_sooner"].map(run);
    assert!(again["last"].as_u64() < wait["last"].as_u64());
    assert_eq!(wait["in_vain"], 0);
    assert!(sooner["in_vain"].as_u64() <= again["in_vain"].as_u64());
    let sent = wait["peers"].as_array().unwrap().iter();
    let sent: usize = sent.map(|peer| peer.as_array().unwrap().len()).sum();
    assert_eq!(sent, 80);
}

#[test]
fn a_game_brings_what_the_chosen_give_and_the_choker_finds_them() {
    let story = |choices: Value| once("choking.play", json!({ "seed": 3, "choices": choices }));
    assert_eq!(story(json!([]))["got"], 0);
    let all: Vec<[u64; 3]> = vec![[0, 1, 2]; 16];
    let mine = story(json!(all));
    let gives: Vec<u64> = serde_json::from_value(mine["gives"].clone()).unwrap();
    assert_eq!(gives.iter().sum::<u64>(), 185);
    assert_eq!(mine["rounds"].as_array().unwrap().len(), 17);
    let nobody = story(json!(vec![[0_u64; 0]; 16]));
    assert_eq!(nobody["got"], 0);
    // Better than any three that are chosen once and for all, on average over some games.
    let games = 0..8;
    let choker: u64 = games
        .clone()
        .map(|seed| {
            once("choking.choker", json!({ "seed": seed }))["got"]
                .as_u64()
                .unwrap()
        })
        .sum();
    let stubborn: u64 = games
        .map(|seed| {
            let question = json!({ "seed": seed, "choices": all });
            once("choking.play", question)["got"].as_u64().unwrap()
        })
        .sum();
    assert!(choker > stubborn, "{choker} {stubborn}");
}

#[test]
fn lanes_give_what_one_alone_gives() {
    let answer = once("lanes", json!({ "messages": ["abc", "abb", "", "x"] }));
    assert_eq!(answer["digests"], answer["alone"]);
    assert_eq!(
        answer["digests"][0],
        "a9993e364706816aba3e25717850c26c9cd0d89d"
    );
    assert_eq!(answer["states"].as_array().unwrap().len(), 81);
    assert_eq!(answer["states"][1][0][0], "0116fc33");
}

#[test]
fn a_note_that_is_renamed_before_it_is_synced_may_be_torn_and_in_the_last_order_never_lies() {
    let cut = |order: u64, done: usize, lucky: &[usize]| {
        once(
            "crash",
            json!({ "order": order, "done": done, "lucky": lucky }),
        )
    };
    let mut found = [[0; 3]; 6];
    for order in 0..6_u64 {
        let calls = cut(order, 0, &[])["calls"].as_array().unwrap().len();
        for done in 0..=calls {
            let pending = cut(order, done, &[])["pending"].clone();
            let places: Vec<usize> = pending
                .as_array()
                .unwrap()
                .iter()
                .map(|change| change["place"].as_u64().unwrap() as usize)
                .collect();
            for lucky in 0..1_u32 << places.len() {
                let chosen = (0..places.len()).filter(|bit| lucky >> bit & 1 == 1);
                let chosen: Vec<usize> = chosen.map(|bit| places[bit]).collect();
                let answer = cut(order, done, &chosen);
                let kind = ["honest", "torn", "lie"];
                let at = kind.iter().position(|kind| answer["found"] == *kind);
                found[order as usize][at.unwrap()] += 1;
            }
        }
    }
    let bad = found.map(|[_, torn, lies]| (torn > 0, lies > 0));
    assert_eq!(bad[..3], [(true, true); 3]);
    assert_eq!(bad[3..5], [(false, true); 2]);
    assert_eq!(bad[5], (false, false));
}

#[test]
fn what_is_asked_badly_is_refused_with_a_sentence() {
    let mut playground = Playground::default();
    let mut error = |name: &str, json: &str| {
        let answer: Value = serde_json::from_str(&playground.call(name, json)).unwrap();
        answer["error"].as_str().unwrap().to_owned()
    };
    assert_eq!(error("no such", "{}"), "there is no \"no such\" here");
    let far = error("window", r#"{ "trip": 9000, "rate": 100000 }"#);
    assert_eq!(far, "round trip in ms: from 0 to 2000, not 9000");
    assert!(error("swarm.run", r#"{ "swarm": 7, "millis": 1 }"#).contains("not here any more"));
    assert!(error("bencode", "{").contains("EOF"));
}
