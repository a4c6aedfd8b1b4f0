//! Pieces that failed, and honest peers that are slow or choke.

use std::time::Duration;

use pretty_assertions::assert_eq;
use sim::{Vice, World};

use crate::*;

#[test]
fn slow_peers_with_all_failed_pieces_do_not_hold_a_fast_one_up() {
    // Two pieces may be open. Both fail, and are then fetched by peers that bring a block every
    // fifteen seconds: never so late that they are snubbed.
    let mut world = world(geometry(4, 16 * 1024 * 1024), 10_000_000);
    let [honest, liar] = seeders(&mut world, [Vice::None; 2]);
    let leecher = world.leecher();
    for _ in 0..2 {
        let failed = failed_pieces(&world, leecher);
        world.nodes[liar].vice = Vice::LiesOnce;
        world.run_until(Duration::from_secs(60), |w| {
            failed_pieces(w, leecher) > failed
        });
    }
    assert_eq!(failed_pieces(&world, leecher), 2);
    for slow in [honest, liar] {
        world.nodes[slow].line = Some(line(1_100));
    }
    let begun = world.now;
    world.run_until(Duration::from_secs(30), |_| false);
    world.seeder();
    world.run_until(Duration::from_secs(300), |w| w.is_complete(leecher));
    let (at, _) = world.nodes[leecher].outcome.clone().expect("an end");
    let took = at.since(begun);
    assert!(
        took < Duration::from_secs(90),
        "{took:?} for what takes 7 seconds, and some patience"
    );
}

#[test]
fn a_failed_piece_comes_from_peers_that_choke_and_unchoke() {
    for seed in 0..10 {
        // One unchoke brings half of a piece.
        let mut world = world(geometry(1, 4 * 1024 * 1024), 325_000);
        let vices = [Vice::None, Vice::None, Vice::LiesOnce];
        let [one, other, liar] = seeders(&mut world, vices);
        let honest = [one, other];
        let leecher = leecher_with(&mut world, seed);
        world.run_until(Duration::from_secs(60), |w| failed_pieces(w, leecher) > 0);
        assert_eq!(failed_pieces(&world, leecher), 1, "seed {seed}");
        world.kill(liar);
        for step in 0..60 {
            let (chokes, serves) = (honest[step % 2], honest[(step + 1) % 2]);
            world.choke_everybody(chokes);
            world.unchoke_everybody(serves);
            let until = world.now.since_start() + Duration::from_secs(5);
            world.run_until(until, |w| w.is_complete(leecher));
        }
        assert!(world.is_complete(leecher), "seed {seed}");
        let liar = World::addr(liar).ip();
        assert_eq!(world.banned(leecher), [liar], "seed {seed}");
    }
}

#[test]
fn a_liar_that_hides_behind_changes_of_owner_is_found() {
    for seed in 0..10 {
        let mut world = world(geometry(6, 256 * 1024), 500_000);
        let [_, liar] = seeders(&mut world, [Vice::None, Vice::Lies]);
        let leecher = leecher_with(&mut world, seed);
        // It lies, chokes before its piece is whole, and comes back to lie again.
        for step in 0..40 {
            if step % 2 == 0 {
                world.choke_everybody(liar);
            } else {
                world.unchoke_everybody(liar);
                world.nodes[liar].vice = Vice::Lies;
            }
            let until = world.now.since_start() + Duration::from_millis(700);
            world.run_until(until, |w| w.is_complete(leecher));
        }
        world.run_until(Duration::from_secs(600), |w| w.is_complete(leecher));
        assert!(world.is_complete(leecher), "seed {seed}");
        let liar = World::addr(liar).ip();
        let banned = world.banned(leecher);
        assert!(banned.iter().all(|&ip| ip == liar), "seed {seed}");
    }
}
