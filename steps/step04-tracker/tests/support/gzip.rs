//! Just enough of gzip (RFC 1952) and deflate (RFC 1951) to make a small answer and a bomb.

/// `bytes`, "compressed" without compression.
pub fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut out = header();
    let len = bytes.len() as u16;
    out.push(1); // The last block, stored.
    out.extend(len.to_le_bytes());
    out.extend((!len).to_le_bytes());
    out.extend(bytes);
    out.extend(crc32(bytes).to_le_bytes());
    out.extend((bytes.len() as u32).to_le_bytes());
    out
}

/// The letter `d` and 258 copies of it, `times` over: 13 bits for every 258 bytes. The checksum at
/// its end is wrong; who gets there has read too much anyway.
pub fn bomb(times: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.push(0b1, 1); // The last block,
    bits.push(0b01, 2); // with the fixed codes.
    bits.push_code(0x30 + u32::from(b'd'), 8);
    for _ in 0..times {
        bits.push_code(0b1100_0101, 8); // Copy 258 bytes
        bits.push_code(0, 5); // from one byte back.
    }
    bits.push_code(0, 7); // The end of the block.
    let mut out = header();
    out.extend(bits.bytes);
    out.extend([0; 8]);
    out
}

fn header() -> Vec<u8> {
    vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    /// The lowest bit first.
    fn push(&mut self, value: u32, count: u32) {
        for bit in 0..count {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let last = self.bytes.len() - 1;
            self.bytes[last] |= (((value >> bit) & 1) as u8) << (self.used % 8);
            self.used += 1;
        }
    }

    /// The highest bit first, as codes are written.
    fn push_code(&mut self, code: u32, count: u32) {
        for bit in (0..count).rev() {
            self.push(code >> bit & 1, 1);
        }
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}
