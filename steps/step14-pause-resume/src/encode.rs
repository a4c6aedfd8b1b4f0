//! From a record to bytes.

use bendy::encoding::{Encoder, Error, SingleItemEncoder};

use crate::UnixTime;
use crate::record::{FORMAT, Recorded, Resume};

impl Resume {
    /// The bytes of the resume file: canonical bencode, one dictionary. The same record gives the
    /// same bytes.
    ///
    /// | key | value |
    /// | --- | --- |
    /// | `active` | seconds at work, over all lives |
    /// | `changed` | for each file a list: seconds and nanoseconds of the time at which anything of it was last changed; an empty list where that is not known, and left out if it is known of none |
    /// | `choice` | a byte for each file; left out if nothing was chosen |
    /// | `downloaded` | payload bytes received, over all lives |
    /// | `files` | for each file a list: length, seconds and nanoseconds of its time, 1 if that is settled and 0 if not, and the file's number if it is known; an empty list of a file of which nothing is recorded |
    /// | `folder` | the download folder |
    /// | `format` | 1 |
    /// | `in order` | 1 if the last life ended in order, else 0 |
    /// | `info hash` | 20 bytes |
    /// | `piece count` | how many pieces the torrent has |
    /// | `pieces` | one bit for each, the first in the highest bit of the first byte (as BEP 3 has it on the wire): 1 if vouched for |
    /// | `saved` | when, in seconds since 1970-01-01 UTC |
    /// | `seeding` | seconds of `active` with everything there |
    /// | `uploaded` | payload bytes sent, over all lives |
    pub fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder::new();
        encoder
            .emit_with(|item| self.encode_into(item))
            .and_then(|()| encoder.get_output())
            .expect("the keys are sorted, and nothing is nested deeply")
    }

    fn encode_into(&self, item: SingleItemEncoder<'_>) -> Result<(), Error> {
        item.emit_dict(|mut dict| {
            dict.emit_pair(b"active", self.counters.active)?;
            let changed = |file: &Option<Recorded>| file.and_then(|file| file.stamp.changed);
            if self.files.iter().any(|file| changed(file).is_some()) {
                dict.emit_pair_with(b"changed", |item| {
                    item.emit_list(|list| {
                        let mut files = self.files.iter();
                        files.try_for_each(|file| {
                            list.emit_with(|item| encode_changed(item, changed(file)))
                        })
                    })
                })?;
            }
            if let Some(choice) = &self.choice {
                dict.emit_pair_with(b"choice", |item| item.emit_bytes(choice))?;
            }
            dict.emit_pair(b"downloaded", self.counters.downloaded)?;
            dict.emit_pair_with(b"files", |item| {
                item.emit_list(|list| {
                    let mut files = self.files.iter();
                    files.try_for_each(|file| list.emit_with(|item| encode_file(item, file)))
                })
            })?;
            dict.emit_pair_with(b"folder", |item| item.emit_bytes(&self.folder))?;
            dict.emit_pair(b"format", FORMAT)?;
            dict.emit_pair(b"in order", u8::from(self.in_order))?;
            dict.emit_pair_with(b"info hash", |item| item.emit_bytes(&self.info_hash.0))?;
            dict.emit_pair(b"piece count", self.pieces.len())?;
            dict.emit_pair_with(b"pieces", |item| item.emit_bytes(&self.pieces.to_bytes()))?;
            dict.emit_pair(b"saved", self.saved)?;
            dict.emit_pair(b"seeding", self.counters.seeding)?;
            dict.emit_pair(b"uploaded", self.counters.uploaded)
        })
    }
}

fn encode_file(item: SingleItemEncoder<'_>, file: &Option<Recorded>) -> Result<(), Error> {
    item.emit_list(|list| {
        let Some(Recorded { stamp, settled }) = file else {
            return Ok(());
        };
        list.emit_int(stamp.length)?;
        list.emit_int(stamp.modified.seconds())?;
        list.emit_int(stamp.modified.nanos())?;
        list.emit_int(u8::from(*settled))?;
        stamp.number.map_or(Ok(()), |number| list.emit_int(number))
    })
}

fn encode_changed(item: SingleItemEncoder<'_>, changed: Option<UnixTime>) -> Result<(), Error> {
    item.emit_list(|list| {
        changed.map_or(Ok(()), |changed| {
            list.emit_int(changed.seconds())?;
            list.emit_int(changed.nanos())
        })
    })
}
