//! What is said on a local network, and what is made of it.

use std::net::SocketAddr;
use std::time::Duration;

use exchange::Lsd;
use exchange::lsd::Group;
use metainfo::InfoHash;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn main() {
    let rng = &mut ChaCha8Rng::seed_from_u64(19);
    let torrent = InfoHash(
        *b"\xa4\x0d\xd9\x1b\x65\x08\x32\x34\x45\xe8\xba\x2a\x7c\xc6\x18\x32\x0e\xed\x27\x7f",
    );
    let (mut ada, mut ben, mut carl) =
        (Lsd::new(6881, rng), Lsd::new(51413, rng), Lsd::new(80, rng));
    ada.insert(torrent);
    ben.insert(torrent);
    carl.insert(InfoHash([7; 20]));

    let now = Duration::ZERO;
    let search = ada.poll_transmit(now).expect("it is time");
    let datagram = search.encode(Group::V4);
    println!(
        "Ada says to 239.192.152.143:6771, in {} bytes:\n",
        datagram.len()
    );
    let text = String::from_utf8_lossy(&datagram);
    for line in text.lines().filter(|line| !line.is_empty()) {
        println!("   {line}");
    }
    println!("\n(and, behind the last line, twice more \\r\\n.)\n");
    let from: SocketAddr = ([192, 168, 1, 20], 6771).into();
    println!("It comes from {from}, and all hear it:\n");
    for (name, hears) in [("Ada", &mut ada), ("Ben", &mut ben), ("Carl", &mut carl)] {
        match hears.handle(from, &datagram, now) {
            Ok(neighbour) => println!("   {name}: call {}", neighbour.addr),
            Err(unheard) => println!("   {name}: nothing to me: {unheard}"),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn all_three_hear_it() {
        super::main();
    }
}
