use std::net::IpAddr;

use pretty_assertions::assert_eq;
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;

fn id(hex: &str) -> Id {
    let mut bytes = [0; 20];
    hex::decode_to_slice(hex, &mut bytes).unwrap();
    Id(bytes)
}

/// The table of BEP 42.
const VECTORS: [(&str, &str); 5] = [
    ("124.31.75.21", "5fbfbff10c5d6a4ec8a88e4c6ab4c28b95eee401"),
    ("21.75.31.124", "5a3ce9c14e7a08645677bbd1cfe7d8f956d53256"),
    ("65.23.51.170", "a5d43220bc8f112a3d426c84764f8c2a1150e616"),
    ("84.124.73.14", "1b0321dd1bb1fe518101ceef99462b947a01ff41"),
    ("43.213.53.83", "e56f6cbf5b7c4be0237986d5243b87aa6d51305a"),
];

#[test]
fn the_ids_of_bep_42_fit_their_addresses_and_no_others() {
    for (ip, text) in VECTORS {
        let ip: IpAddr = ip.parse().unwrap();
        assert!(id(text).fits(ip), "{ip}");
        for (other, _) in VECTORS {
            let other: IpAddr = other.parse().unwrap();
            assert_eq!(id(text).fits(other), other == ip, "{text} at {other}");
        }
    }
}

#[test]
fn of_an_id_the_first_21_bits_and_the_last_three_are_bound() {
    let (ip, text) = VECTORS[0];
    let ip: IpAddr = ip.parse().unwrap();
    for bit in 0..Id::BITS {
        let mut other = id(text);
        other.set_bit(bit, !other.bit(bit));
        assert_eq!(other.fits(ip), (21..157).contains(&bit), "bit {bit}");
    }
}

#[test]
fn an_address_in_the_clothes_of_ipv6_is_the_same() {
    let (ip, text) = VECTORS[1];
    let mapped: IpAddr = format!("::ffff:{ip}").parse().unwrap();
    assert!(id(text).fits(mapped));
}

#[test]
fn at_local_addresses_every_id_may_be() {
    for ip in [
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.3.4",
        "127.0.0.1",
        "127.9.9.9",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:10.0.0.1",
    ] {
        let ip: IpAddr = ip.parse().unwrap();
        assert!(is_local(ip) && Id([7; 20]).fits(ip), "{ip}");
    }
    for ip in [
        "172.32.0.1",
        "11.0.0.1",
        "192.0.2.1",
        "2001:db8::1",
        "8.8.8.8",
        "::2",
    ] {
        assert!(!is_local(ip.parse().unwrap()), "{ip}");
    }
}

#[test]
fn distance_counts_the_bits_that_are_left() {
    let zero = Id([0; 20]);
    let mut one = zero;
    one.0[19] = 1;
    let mut half = zero;
    half.0[0] = 0x80;
    assert_eq!(zero.distance(zero).bits(), 0);
    assert_eq!(zero.distance(one).bits(), 1);
    assert_eq!(zero.distance(half).bits(), 160);
    assert_eq!(zero.shared_bits(half), 0);
    assert_eq!(zero.shared_bits(one), 159);
    assert_eq!(one.shared_bits(one), 160);
    assert!(zero.distance(one) < zero.distance(half));
}

proptest! {
    #[test]
    fn a_made_id_fits_its_address(v4: [u8; 4], v6: [u8; 16], seed: u64) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        for ip in [IpAddr::from(v4), IpAddr::from(v6)] {
            prop_assert!(Id::for_address(ip, &mut rng).fits(ip));
        }
    }

    #[test]
    fn of_an_ipv6_address_the_second_half_does_not_count(front: [u8; 8], a: [u8; 8], b: [u8; 8], seed: u64) {
        let ip = |back: [u8; 8]| IpAddr::from(std::array::from_fn::<u8, 16, _>(|i| if i < 8 { front[i] } else { back[i - 8] }));
        let id = Id::for_address(ip(a), &mut ChaCha8Rng::seed_from_u64(seed));
        // An address in the clothes of IPv6 is another thing.
        prop_assume!(ip(a).to_canonical().is_ipv6() && ip(b).to_canonical().is_ipv6());
        prop_assert!(id.fits(ip(b)));
    }

    #[test]
    fn an_id_beside_shares_exactly_so_many_bits(own: [u8; 20], bits in 0usize..=160, seed: u64) {
        let own = Id(own);
        let beside = own.random_beside(bits, &mut ChaCha8Rng::seed_from_u64(seed));
        prop_assert_eq!(own.shared_bits(beside), bits);
    }

    #[test]
    fn distance_is_a_metric(a: [u8; 20], b: [u8; 20], c: [u8; 20]) {
        let (a, b, c) = (Id(a), Id(b), Id(c));
        prop_assert_eq!(a.distance(b), b.distance(a));
        prop_assert_eq!(a.distance(b).bits() == 0, a == b);
        // Going round is never shorter, by exclusive or: the highest bit comes from one of the two.
        prop_assert!(a.distance(c).bits() <= a.distance(b).bits().max(b.distance(c).bits()));
    }
}
