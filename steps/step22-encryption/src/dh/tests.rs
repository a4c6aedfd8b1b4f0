use pretty_assertions::assert_eq;
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;

/// Two private keys, and what another implementation of arithmetic made of them.
pub(crate) const A: PrivateKey = PrivateKey([
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
]);
pub(crate) const B: PrivateKey = PrivateKey([
    0xe0, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xeb, 0xec, 0xed, 0xee, 0xef,
    0xf0, 0xf1, 0xf2, 0xf3,
]);
const PUBLIC_A: &str = "96e112dab29e8c5272accb9b17b26887ce54a144a4e3b697c7d159b7a817e556\
                        b0918db2b4c658e02a87f7e5fb14b18a553e084cbf3dad2d30f16596ccb982d4\
                        06258c61b30c5c1dae2ddc60bdbd48d79896312aad63238c39e1a633821eb693";
const PUBLIC_B: &str = "0ea62a95b26014261302f4a54230bd43aa7978516e64620692b900d038941292\
                        165159199f7d5e2b7ebeff80f34b2257e23c1aca4c7e6c804d56a33f1efbdae7\
                        6c4ad1702e434a518d0913a924053f88dcb077a82654aaf6074e39ed9c83cc13";
const SECRET: &str = "98bf6643f2134d0d0cb48f0d73dea070d980162e7eba88e127dfe58217377e5f\
                      2b37c4c1d9f541509dce279e45897e974c4526d9eeb6b0ca8c39fa6d327eceb6\
                      fc3b719a1c479c8f759740314f4c66a61a86ee97c2572fb12ed4da1b368a99ac";

/// The prime of the specification, as it stands there, in bytes.
fn prime() -> [u8; KEY_LEN] {
    let text = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22\
                514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6\
                F44C42E9A63A36210000000000090563";
    hex::decode(text).unwrap().try_into().unwrap()
}

/// A small number, as it is sent.
fn number(n: u8) -> PublicKey {
    let mut bytes = [0; KEY_LEN];
    bytes[KEY_LEN - 1] = n;
    PublicKey(bytes)
}

/// The prime, with its last byte changed by so much.
fn near_prime(by: i8) -> PublicKey {
    let mut bytes = prime();
    bytes[KEY_LEN - 1] = bytes[KEY_LEN - 1].checked_add_signed(by).unwrap();
    PublicKey(bytes)
}

#[test]
fn two_known_keys_make_the_known_secret() {
    assert_eq!(hex::encode(A.public().0), PUBLIC_A);
    assert_eq!(hex::encode(B.public().0), PUBLIC_B);
    let secret = A.agree(&B.public()).unwrap();
    assert_eq!(hex::encode(secret.0), SECRET);
    assert_eq!(B.agree(&A.public()), Ok(secret));
}

#[test]
fn a_small_power_is_written_with_all_its_zeros() {
    let mut five = [0; PRIVATE_KEY_LEN];
    five[PRIVATE_KEY_LEN - 1] = 5;
    assert_eq!(PrivateKey(five).public(), number(32));
}

#[test]
fn keys_that_make_a_secret_known_to_all_are_refused() {
    let bad = [
        number(0),
        number(1),
        near_prime(-1),
        near_prime(0),
        near_prime(1),
    ];
    for key in bad.into_iter().chain([PublicKey([0xff; KEY_LEN])]) {
        assert_eq!(A.agree(&key), Err(Failure::Key), "{key:?}");
    }
}

#[test]
fn the_smallest_and_the_greatest_key_are_taken() {
    assert!(A.agree(&number(2)).is_ok());
    assert!(A.agree(&near_prime(-2)).is_ok());
}

#[test]
fn nothing_secret_is_ever_printed() {
    let secret = A.agree(&B.public()).unwrap();
    assert_eq!(format!("{A:?} {secret:?}"), "PrivateKey(…) Secret(…)");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn both_sides_come_to_the_same(seed: u64) {
        let rng = &mut ChaCha8Rng::seed_from_u64(seed);
        let [a, b] = [PrivateKey::draw(rng), PrivateKey::draw(rng)];
        prop_assert_ne!(&a, &b);
        prop_assert_eq!(a.agree(&b.public()), b.agree(&a.public()));
    }
}
