//! What it costs to wait: with a thread for each peer, and with a task for each.
//!
//! `cargo run -p step12-async --example naive_threads -- threads 1000`

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{LocalSet, spawn_local};

/// How often a thread of chapter 11 looks up from its socket.
const TICK: Duration = Duration::from_millis(20);

/// How long we look at those who wait.
const LONG: Duration = Duration::from_secs(2);

// ANCHOR: threads
/// So many threads, each as in chapter 11: it waits for a moment, and looks whether there is
/// something to do. There never is.
fn threads(count: u64, woken: &Arc<AtomicU64>) {
    for _ in 0..count {
        let woken = woken.clone();
        thread::spawn(move || {
            loop {
                thread::sleep(TICK); // here would be a read
                woken.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    thread::sleep(LONG);
}
// ANCHOR_END: threads

// ANCHOR: tasks
/// So many tasks, each of which waits until it is told something. It never is.
fn tasks(count: u64, woken: &Arc<AtomicU64>) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (_news, wait) = watch::channel(());
    LocalSet::new().block_on(&runtime, async {
        for _ in 0..count {
            let (woken, mut wait) = (woken.clone(), wait.clone());
            spawn_local(async move {
                while wait.changed().await.is_ok() {
                    woken.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        tokio::time::sleep(LONG).await;
    });
    Ok(())
}
// ANCHOR_END: tasks

fn main() -> std::io::Result<()> {
    let mut words = std::env::args().skip(1);
    let kind = words.next().unwrap_or_default();
    let count = words
        .next()
        .and_then(|count| count.parse().ok())
        .unwrap_or(10);
    let woken = Arc::new(AtomicU64::new(0));
    match &*kind {
        "tasks" => tasks(count, &woken)?,
        _ => threads(count, &woken),
    }
    println!(
        "{count:>5} {kind:<8} woken {:>6} times a second    processor {:>4.1} %    in memory {:>6.1} MiB",
        woken.load(Ordering::Relaxed) / LONG.as_secs(),
        100.0 * processor_seconds().unwrap_or(0.0) / LONG.as_secs_f64(),
        resident().unwrap_or(0.0),
    );
    Ok(())
}

/// How long processors have worked for us, on Linux: two numbers of hundredths of a second.
fn processor_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

/// How many MiB of memory we have, on Linux.
fn resident() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_wait_wake_all_the_time_and_tasks_never() {
        let woken = Arc::new(AtomicU64::new(0));
        tasks(100, &woken).unwrap();
        assert_eq!(woken.load(Ordering::Relaxed), 0);
        threads(3, &woken);
        assert!(woken.load(Ordering::Relaxed) > 3);
        main().unwrap();
    }
}
