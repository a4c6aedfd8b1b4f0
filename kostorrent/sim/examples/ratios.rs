//! How many times the ideal each scenario takes over many seeds, and whether everything else holds:
//!
//! ```text
//! cargo run --release -p kostorrent-sim --example ratios [SEEDS [NAME...]]
//! ```
//!
//! A name with `*2` behind it is the scenario with a torrent twice as long; `trade` the tit for
//! tat of those who give and those who do not in the swarm.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use sim::Vice;
use sim::scenario::{Group, PeerStory, Scenario, Story};

fn main() {
    let mut args = std::env::args().skip(1);
    let seeds = args.next().map_or(50, |arg| arg.parse().expect("a number"));
    let mut names: Vec<String> = args.collect();
    if names.is_empty() {
        names = Scenario::all().into_iter().map(|s| s.name).collect();
        names.push("trade".to_owned());
    }
    for name in names {
        let scenario = scenario(&name);
        let stories = all(&scenario, seeds);
        let mut ratios: Vec<(f64, u64)> = stories.iter().map(|s| (ratio(s), s.seed)).collect();
        ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mean = ratios.iter().map(|r| r.0).sum::<f64>() / ratios.len() as f64;
        let over = ratios.iter().filter(|r| r.0 > 1.2).count();
        let worst = ratios.last().expect("a seed");
        let honest = |p: &&PeerStory| p.vice == Vice::None;
        let banned: usize = stories
            .iter()
            .flat_map(|s| s.peers.iter().filter(honest).map(|p| p.banned_by.len()))
            .sum();
        let missed: usize = stories.iter().map(missed).sum();
        let sent: f64 = stories
            .iter()
            .map(|s| s.sent() as f64 / s.size as f64)
            .sum();
        print!(
            "{name:<11} mean {mean:.3} median {:.3} max {:.3} (seed {}), {over} over 1.2; {banned} honest banned, {missed} liars missed; sent {:.3}",
            ratios[ratios.len() / 2].0,
            worst.0,
            worst.1,
            sent / seeds as f64
        );
        let groups = scenario.groups.iter().filter(|g| g.is_to_finish());
        for group in groups {
            let mean: f64 = stories.iter().map(|s| mean_end(s, &group.name)).sum();
            print!("; {} {:.1} s", group.name, mean / seeds as f64);
        }
        if name == "trade" {
            let mut less = 0;
            let (mut gave, mut rode) = (0.0, 0.0);
            for story in &stories {
                let (g, r) = (trade(story, "slow"), trade(story, "rider"));
                less += usize::from(r < g);
                gave += g;
                rode += r;
            }
            print!(
                "; rider gets less in {less}, {:.3} of the others",
                rode / gave
            );
        }
        println!();
    }
}

fn scenario(name: &str) -> Scenario {
    if name == "trade" {
        let mut scenario = Scenario::named("swarm").expect("a scenario");
        let like = scenario.groups.iter().find(|like| like.name == "slow");
        let riders = Group {
            name: "rider".to_owned(),
            count: 2,
            free_rides: true,
            ..like.expect("a group").clone()
        };
        scenario.groups.push(riders);
        return scenario;
    }
    let (name, times) = name.split_once('*').unwrap_or((name, "1"));
    let mut scenario = Scenario::named(name).expect("a scenario");
    scenario.size *= times.parse::<u64>().expect("a number");
    scenario
}

fn all(scenario: &Scenario, seeds: u64) -> Vec<Story> {
    let next = AtomicU64::new(0);
    let stories = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds {
                        return;
                    }
                    let story = scenario.run(seed);
                    stories.lock().expect("whole").push(story);
                }
            });
        }
    });
    let mut stories = stories.into_inner().expect("whole");
    stories.sort_by_key(|s| s.seed);
    stories
}

fn ratio(story: &Story) -> f64 {
    let honest = story
        .peers
        .iter()
        .filter(|p| !p.free_rides && p.is_to_finish);
    let ends: Option<Vec<_>> = honest.map(|p| p.finished).collect();
    let last = ends.and_then(|ends| ends.into_iter().max());
    last.map_or(f64::INFINITY, |last| {
        last.as_secs_f64() / story.ideal.as_secs_f64()
    })
}

fn missed(story: &Story) -> usize {
    let damaged = story.peers.iter().filter(|p| p.failed_pieces > 0).count();
    let lies = story.peers.iter().filter(|p| p.vice == Vice::Lies);
    lies.filter(|p| p.banned_by.len() != damaged).count()
}

fn mean_end(story: &Story, group: &str) -> f64 {
    let of = story.peers.iter().filter(|p| p.name.starts_with(group));
    let ends: Vec<f64> = of.filter_map(|p| Some(p.finished?.as_secs_f64())).collect();
    ends.iter().sum::<f64>() / ends.len() as f64
}

fn trade(story: &Story, group: &str) -> f64 {
    let of = story.peers.iter().filter(|p| p.name.starts_with(group));
    let rates: Vec<f64> = of
        .filter_map(|p| Some(p.traded as f64 / p.finished?.saturating_sub(p.joined).as_secs_f64()))
        .collect();
    rates.iter().sum::<f64>() / rates.len() as f64
}
