//! The extension handshake (BEP 10): what each side can do beside BEP 3, and under which number.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bendy::encoding::{Encoder, Error, SingleItemEncoder};
use serde::{Deserialize, Serialize};

mod decode;

pub use decode::ExtendedError;

// ANCHOR: extended
/// What a side says of itself after the handshake. Nothing of it has to be there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtendedHandshake {
    /// `m`: for each extension by its name, the number under which its messages are to be sent *to
    /// whoever says this*. 0 is: not any more.
    pub extensions: BTreeMap<String, u8>,
    /// `metadata_size`: the bytes of the `info` dictionary, from who has it (BEP 9).
    pub metadata_size: Option<u64>,
    /// `v`: the client's name and version. A stranger's text.
    pub client: Option<String>,
    /// `p`: the port at which it can be called.
    pub port: Option<u16>,
    /// `reqq`: how many requests it keeps, unanswered.
    pub requests: Option<u32>,
    /// `upload_only`: it wants nothing (BEP 21).
    pub upload_only: Option<bool>,
    /// `yourip`: the other side's address, as this side sees it.
    pub your_ip: Option<IpAddr>,
    /// `ipv4`: its own address of that family.
    pub ipv4: Option<Ipv4Addr>,
    /// `ipv6`: its own address of that family.
    pub ipv6: Option<Ipv6Addr>,
}
// ANCHOR_END: extended

impl ExtendedHandshake {
    /// The body of the `extended` message: the id 0, and a dictionary in canonical bencode.
    pub fn to_body(&self) -> Vec<u8> {
        let mut encoder = Encoder::new();
        let dictionary = encoder
            .emit_with(|item| self.encode_into(item))
            .and_then(|()| encoder.get_output())
            .expect("the keys are sorted, and nothing is nested deeply");
        [&[HANDSHAKE_ID], &dictionary[..]].concat()
    }

    fn encode_into(&self, item: SingleItemEncoder<'_>) -> Result<(), Error> {
        item.emit_dict(|mut dict| {
            if let Some(ip) = self.ipv4 {
                dict.emit_pair_with(b"ipv4", |item| item.emit_bytes(&ip.octets()))?;
            }
            if let Some(ip) = self.ipv6 {
                dict.emit_pair_with(b"ipv6", |item| item.emit_bytes(&ip.octets()))?;
            }
            dict.emit_pair_with(b"m", |item| {
                item.emit_dict(|mut m| {
                    let mut all = self.extensions.iter();
                    all.try_for_each(|(name, id)| m.emit_pair(name.as_bytes(), *id))
                })
            })?;
            if let Some(size) = self.metadata_size {
                dict.emit_pair(b"metadata_size", size)?;
            }
            if let Some(port) = self.port {
                dict.emit_pair(b"p", port)?;
            }
            if let Some(requests) = self.requests {
                dict.emit_pair(b"reqq", requests)?;
            }
            if let Some(upload_only) = self.upload_only {
                dict.emit_pair(b"upload_only", u8::from(upload_only))?;
            }
            if let Some(client) = &self.client {
                dict.emit_pair(b"v", client)?;
            }
            match self.your_ip {
                Some(IpAddr::V4(ip)) => {
                    dict.emit_pair_with(b"yourip", |item| item.emit_bytes(&ip.octets()))
                }
                Some(IpAddr::V6(ip)) => {
                    dict.emit_pair_with(b"yourip", |item| item.emit_bytes(&ip.octets()))
                }
                None => Ok(()),
            }
        })
    }

    /// Takes in a later handshake of the same side: it says what has changed (BEP 10).
    pub(crate) fn update(&mut self, later: &ExtendedHandshake) {
        for (name, &id) in &later.extensions {
            let is_known = self.extensions.contains_key(name);
            if is_known || self.extensions.len() < crate::limits::MAX_EXTENSIONS {
                self.extensions.insert(name.clone(), id);
            }
        }
        let later = later.clone();
        self.metadata_size = later.metadata_size.or(self.metadata_size);
        self.client = later.client.or(self.client.take());
        self.port = later.port.or(self.port);
        self.requests = later.requests.or(self.requests);
        self.upload_only = later.upload_only.or(self.upload_only);
        self.your_ip = later.your_ip.or(self.your_ip);
        self.ipv4 = later.ipv4.or(self.ipv4);
        self.ipv6 = later.ipv6.or(self.ipv6);
    }
}

/// The id of `extended` among the messages of the wire (BEP 10). Its body begins with another id, that
/// of the extension.
pub const EXTENDED: u8 = 20;

/// The id of the extension handshake among extended messages (BEP 10).
pub const HANDSHAKE_ID: u8 = 0;

#[cfg(test)]
mod tests;
