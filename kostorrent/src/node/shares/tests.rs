use pretty_assertions::assert_eq;

use super::*;

fn told(commands: &mut mpsc::UnboundedReceiver<Command>) -> Vec<Command> {
    std::iter::from_fn(|| commands.try_recv().ok()).collect()
}

#[tokio::test(start_paused = true)]
async fn who_comes_and_goes_changes_the_shares_of_the_others_alone() {
    let tasks = tokio::task::LocalSet::new();
    let shares = Rc::new(Shares::new(Some(1_000_000), None, 24));
    let dividing = shares.clone();
    tasks.spawn_local(async move { dividing.keep_dividing().await });
    let all = async {
        let (tell, mut first) = mpsc::unbounded_channel();
        let fetching = Wants {
            left: 1000,
            ..Wants::default()
        };
        let (one, given) = shares.enter(TorrentId(1), fetching, tell);
        let whole = Given {
            down: Some(1_000_000),
            up: None,
            memory: 24,
        };
        assert_eq!(given, whole);

        let (tell, mut second) = mpsc::unbounded_channel();
        let (two, given) = shares.enter(TorrentId(2), fetching, tell);
        assert_eq!((given.down, given.memory), (Some(500_000), 12));
        let half = Command::Limits {
            down: Some(500_000),
            up: None,
        };
        assert_eq!(told(&mut first), [half, Command::Memory(12)]);

        // The second has all it needs: the first gets all the memory, without anybody asking.
        two.moves(&Stats::default());
        tokio::time::sleep(2 * EVERY).await;
        assert_eq!(told(&mut first), [Command::Memory(24)]);
        assert_eq!(told(&mut second), [Command::Memory(0)]);

        drop(two);
        tokio::time::sleep(2 * EVERY).await;
        let all = Command::Limits {
            down: Some(1_000_000),
            up: None,
        };
        assert_eq!(told(&mut first), [all]);
        drop(one);
    };
    tasks.run_until(all).await;
}

#[tokio::test(start_paused = true)]
async fn the_torrent_that_is_held_back_gets_what_the_idle_one_leaves() {
    let tasks = tokio::task::LocalSet::new();
    let shares = Rc::new(Shares::new(None, Some(1_000_000), 24));
    let dividing = shares.clone();
    tasks.spawn_local(async move { dividing.keep_dividing().await });
    let all = async {
        let (tell, mut first) = mpsc::unbounded_channel();
        let (busy, _) = shares.enter(TorrentId(1), Wants::default(), tell.clone());
        let (_idle, _) = shares.enter(TorrentId(2), Wants::default(), tell);
        told(&mut first);
        tokio::time::sleep(EVERY).await;
        busy.moves(&Stats {
            up_rate: 500_000,
            uploaded: 500_000,
            limited_up: true,
            ..Stats::default()
        });
        tokio::time::sleep(EVERY).await;
        let more = told(&mut first)
            .into_iter()
            .any(|command| matches!(command, Command::Limits { up: Some(up), .. } if up > 900_000));
        assert!(more);
    };
    tasks.run_until(all).await;
}

/// A swarm of its own for each torrent, in virtual time, and the share that it has of the limit.
struct Member {
    world: sim::World,
    node: usize,
    share: Share,
    orders: mpsc::UnboundedReceiver<Command>,
}

#[derive(Clone, Copy, Debug)]
enum Way {
    Down,
    Up,
}

impl Member {
    /// A torrent whose other end can take or give so many bytes a second.
    fn new(shares: &Rc<Shares>, number: u32, way: Way, most: Option<u64>, length: u64) -> Member {
        let geometry = blocks::Geometry::new(length, 256 * 1024).unwrap();
        let mut world = sim::World::new(geometry);
        let (tell, orders) = mpsc::unbounded_channel();
        let wants = Wants {
            left: length,
            ..Wants::default()
        };
        let (share, given) = shares.enter(TorrentId(number), wants, tell);
        let (ours, theirs) = match way {
            Way::Down => (world.config(), world.seeding()),
            Way::Up => (world.seeding(), world.config()),
        };
        let node = world.add(engine::Config {
            limit_down: given.down,
            limit_up: given.up,
            ..ours
        });
        let other = world.add(theirs);
        world.nodes[other].line = Some(sim::Line {
            up: most,
            down: most,
            ..sim::Line::default()
        });
        Member {
            world,
            node,
            share,
            orders,
        }
    }

    /// Lets time pass, and tells the budgets how it stands as a torrent's task does.
    fn pass_to(&mut self, now: Duration) -> Stats {
        while let Ok(order) = self.orders.try_recv() {
            self.world.tell(self.node, engine::Event::Command(order));
        }
        self.world.run_until(now, |_| false);
        let at = self.world.now;
        let stats = self.world.nodes[self.node].engine.stats(at);
        self.share.moves(&stats);
        stats
    }
}

/// Ten seconds of all torrents together, whenever they begin, are within two percent of the limit.
/// Blocks pass whole, and each torrent may have begun one: that is allowed for.
async fn exact_together(rate: u64, way: Way, others: &[Option<u64>]) {
    // What a slow seeder was asked for in the beginning counts until it has come.
    let first = if others.iter().any(Option::is_some) {
        20
    } else {
        2
    };
    let last = first + 14;
    let shares = match way {
        Way::Down => Shares::new(Some(rate), None, engine::PIECE_MEMORY),
        Way::Up => Shares::new(None, Some(rate), engine::PIECE_MEMORY),
    };
    let shares = Rc::new(shares);
    let dividing = shares.clone();
    tokio::task::spawn_local(async move { dividing.keep_dividing().await });
    let length = rate * (last + 4) + 1_000_000;
    let mut members: Vec<Member> = others
        .iter()
        .zip(0..)
        .map(|(&most, number)| Member::new(&shares, number, way, most, length))
        .collect();
    let look = Duration::from_millis(200);
    let mut passed = vec![0];
    let mut now = Duration::ZERO;
    while now < Duration::from_secs(last) {
        now += look;
        tokio::time::sleep(look).await;
        let each = members.iter_mut().map(|member| member.pass_to(now));
        let each = each.map(|stats| match way {
            Way::Down => stats.downloaded,
            Way::Up => stats.uploaded,
        });
        let all = each.sum();
        if now.as_millis().is_multiple_of(1000) {
            passed.push(all);
        }
    }
    let expected = (rate * 10) as f64;
    let blocks = f64::from(blocks::BLOCK) * others.len() as f64;
    let most = (expected * 0.02).max(blocks);
    for window in passed[first as usize..].windows(11) {
        let bytes = (window[10] - window[0]) as f64;
        assert!(
            (bytes - expected).abs() <= most,
            "{way:?} {rate} B/s, others {others:?}: {bytes} in ten seconds: {passed:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn ten_seconds_of_all_torrents_together_are_the_limit() {
    let tasks = tokio::task::LocalSet::new();
    let all = async {
        for rate in [50_000, 1_000_000, 100_000_000] {
            for way in [Way::Down, Way::Up] {
                exact_together(rate, way, &[None]).await;
                exact_together(rate, way, &[None, None, None]).await;
                // One of them cannot use its share, and the others take what it leaves.
                exact_together(rate, way, &[None, Some(rate / 10), None]).await;
            }
        }
    };
    tasks.run_until(all).await;
}
