//! Exercise: RC4, written from its description.

// ANCHOR: answer
/// A row of 256 bytes that is shuffled as it is used.
pub struct Rc4 {
    row: [u8; 256],
    i: u8,
    j: u8,
}

impl Rc4 {
    /// Shuffles the row once by the key, which is repeated as often as needed.
    pub fn new(key: &[u8]) -> Rc4 {
        let mut row: [u8; 256] = std::array::from_fn(|n| n as u8);
        let mut j = 0u8;
        for (i, byte) in (0..256).zip(key.iter().cycle()) {
            j = j.wrapping_add(row[i]).wrapping_add(*byte);
            row.swap(i, usize::from(j));
        }
        Rc4 { row, i: 0, j: 0 }
    }

    /// The next byte of the stream.
    pub fn next_byte(&mut self) -> u8 {
        self.i = self.i.wrapping_add(1);
        let (i, a) = (usize::from(self.i), self.row[usize::from(self.i)]);
        self.j = self.j.wrapping_add(a);
        self.row.swap(i, usize::from(self.j));
        let sum = self.row[i].wrapping_add(a);
        self.row[usize::from(sum)]
    }
}
// ANCHOR_END: answer

fn main() {
    let mut rc4 = Rc4::new(b"Key");
    let bytes: Vec<String> = (0..8).map(|_| format!("{:02x}", rc4.next_byte())).collect();
    println!("{}", bytes.join(" "));
}

#[cfg(test)]
mod tests {
    use encryption::Keystream;

    use super::*;

    fn stream(key: &[u8], skip: usize) -> Vec<u8> {
        let mut rc4 = Rc4::new(key);
        let mut bytes: Vec<u8> = (0..skip + 16).map(|_| rc4.next_byte()).collect();
        bytes.split_off(skip)
    }

    /// RFC 6229, the key of 40 bits: at the beginning, and behind 1,024 bytes.
    #[test]
    fn the_published_vectors_come_out() {
        let key = [1, 2, 3, 4, 5];
        assert_eq!(
            hex::encode(stream(&key, 0)),
            "b2396305f03dc027ccc3524a0a1118a8"
        );
        assert_eq!(
            hex::encode(stream(&key, 1_024)),
            "30abbcc7c20b01609f23ee2d5f6bb7df"
        );
    }

    #[test]
    fn it_is_the_stream_of_the_step() {
        let key = *b"twenty bytes for key";
        let mut bytes = [0; 16];
        Keystream::new(key).apply(&mut bytes);
        assert_eq!(stream(&key, 1_024), bytes);
    }
}
