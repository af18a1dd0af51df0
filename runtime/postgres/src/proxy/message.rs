//! Messages after the first one.

use std::io::{self, Read};

/// The largest message that is read: what a server accepts.
const MOST: usize = 1 << 30;

/// One message of a client or a server.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) kind: u8,
    pub(super) body: Vec<u8>,
}

impl Message {
    /// Reads the next message. `None` at the end.
    pub(super) fn read(stream: &mut impl Read) -> io::Result<Option<Self>> {
        let mut head = [0; 5];
        if stream.read(&mut head[..1])? == 0 {
            return Ok(None);
        }
        stream.read_exact(&mut head[1..])?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        if !(4..=MOST).contains(&length) {
            return Err(garbled());
        }
        // Memory grows with what arrives, not with what is announced.
        let mut body = Vec::new();
        stream.take(length as u64 - 4).read_to_end(&mut body)?;
        if body.len() < length - 4 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Some(Message {
            kind: head[0],
            body,
        }))
    }
}

/// The text at the beginning, and what follows it.
pub(super) fn text(bytes: &[u8]) -> io::Result<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == 0);
    let (text, rest) = bytes.split_at(end.ok_or_else(garbled)?);
    Ok((text, &rest[1..]))
}

pub(super) fn garbled() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a message is garbled")
}
