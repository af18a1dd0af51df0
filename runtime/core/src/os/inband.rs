//! Messages within output, for platforms where the subprocess of a test can reach its parent only
//! through its output.
//!
//! A message is one line after a mark that cannot occur by chance. It may follow an unfinished
//! line, and is removed without a trace. Text before the sign of the beginning and after the sign
//! of the end belongs to the test runner and is left out.

/// The first byte of a mark. It occurs only once in a mark, and hardly ever in text.
const FIRST: u8 = 0x1e;

/// The meaning of a line after a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign<'a> {
    /// The output of the test begins.
    Begin,
    /// The output of the test has ended.
    End,
    /// Bytes for the parent.
    Message(&'a [u8]),
}

/// Writes a sign after the mark of the nonce.
pub(crate) fn line(nonce: &str, sign: Sign<'_>) -> Vec<u8> {
    let mut line = mark(nonce);
    match sign {
        Sign::Begin => line.push(b'b'),
        Sign::End => line.push(b'e'),
        Sign::Message(bytes) => {
            line.push(b'w');
            line.extend(
                bytes
                    .iter()
                    .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]),
            );
        }
    }
    line.push(b'\n');
    line
}

/// A part of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Output of the test.
    Text(Vec<u8>),
    /// Bytes for the parent.
    Message(Vec<u8>),
}

/// Separates a stream into output and messages as it arrives.
pub(crate) struct Unweaver {
    mark: Vec<u8>,
    /// The possible start of a sign whose rest has not arrived.
    pending: Vec<u8>,
    /// Whether the text belongs to the test.
    is_text: bool,
}

impl Unweaver {
    pub(crate) fn new(nonce: &str) -> Self {
        Unweaver {
            mark: mark(nonce),
            pending: Vec::new(),
            is_text: false,
        }
    }

    /// Separates the bytes that have arrived.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<Part> {
        let (mut parts, mut text) = (Vec::new(), Vec::new());
        for byte in bytes {
            match self.mark.get(self.pending.len()) {
                Some(next) if next == byte => self.pending.push(*byte),
                Some(_) => {
                    text.append(&mut self.pending);
                    // The byte that breaks off one mark may start another.
                    let to = if *byte == FIRST {
                        &mut self.pending
                    } else {
                        &mut text
                    };
                    to.push(*byte);
                }
                None => {
                    self.pending.push(*byte);
                    if *byte == b'\n' {
                        self.add_text(&mut parts, std::mem::take(&mut text));
                        self.take_line(&mut parts);
                    }
                }
            }
        }
        self.add_text(&mut parts, text);
        parts
    }

    /// The bytes held back, at the end of the stream.
    pub(crate) fn finish(mut self) -> Vec<Part> {
        let mut parts = Vec::new();
        let rest = std::mem::take(&mut self.pending);
        self.add_text(&mut parts, rest);
        parts
    }

    /// Handles the pending line as a sign.
    fn take_line(&mut self, parts: &mut Vec<Part>) {
        let line = std::mem::take(&mut self.pending);
        match &line[self.mark.len()..] {
            b"b\n" => self.is_text = true,
            b"e\n" => self.is_text = false,
            [b'w', digits @ .., b'\n'] if digits.len() % 2 == 0 => {
                parts.push(Part::Message(digits.chunks(2).map(byte).collect()));
            }
            // The test has printed a copy of the mark, so this is text.
            _ => self.add_text(parts, line),
        }
    }

    fn add_text(&self, parts: &mut Vec<Part>, text: Vec<u8>) {
        if self.is_text && !text.is_empty() {
            parts.push(Part::Text(text));
        }
    }
}

fn mark(nonce: &str) -> Vec<u8> {
    let mut mark = vec![FIRST];
    mark.extend_from_slice(nonce.as_bytes());
    mark.push(b':');
    mark
}

/// Encodes four bits as a letter.
fn digit(bits: u8) -> u8 {
    b'a' + bits
}

/// Decodes two letters.
fn byte(letters: &[u8]) -> u8 {
    letters.iter().fold(0, |byte, letter| {
        (byte << 4) | (letter.wrapping_sub(b'a') & 15)
    })
}

#[cfg(test)]
mod tests {
    use super::{FIRST, Part, Sign, Unweaver, line};

    const NONCE: &str = "n0nce";

    /// The output and the messages of a stream that arrives in pieces of this length.
    fn separated(stream: &[u8], length: usize) -> (Vec<u8>, Vec<Vec<u8>>) {
        let mut unweaver = Unweaver::new(NONCE);
        let mut parts: Vec<_> = stream
            .chunks(length)
            .flat_map(|piece| unweaver.push(piece))
            .collect();
        parts.extend(unweaver.finish());
        let (mut text, mut messages) = (Vec::new(), Vec::new());
        for part in parts {
            match part {
                Part::Text(bytes) => text.extend(bytes),
                Part::Message(bytes) => messages.push(bytes),
            }
        }
        (text, messages)
    }

    fn stream_of(parts: &[Result<&[u8], Sign<'_>>]) -> Vec<u8> {
        let one = |part: &Result<&[u8], Sign<'_>>| match part {
            Ok(text) => text.to_vec(),
            Err(sign) => line(NONCE, *sign),
        };
        parts.iter().flat_map(one).collect()
    }

    #[test]
    fn words_leave_no_trace_in_text_however_it_arrives() {
        let every_byte: Vec<u8> = (0..=u8::MAX).collect();
        let stream = stream_of(&[
            Ok(b"\nrunning 1 test\n"),
            Err(Sign::Message(b"started")),
            Err(Sign::Begin),
            Ok(b"no end of line"),
            Err(Sign::Message(&every_byte)),
            Ok(&every_byte),
            Err(Sign::Message(b"")),
            Ok(b"\r\n\n"),
            Err(Sign::End),
            Ok(b"test a ... "),
            Err(Sign::Message(b"ended")),
            Ok(b"ok\n"),
        ]);
        let text = [b"no end of line", &every_byte[..], b"\r\n\n"].concat();
        let messages = [b"started", &every_byte[..], b"", b"ended"].map(<[u8]>::to_vec);
        for length in 1..=stream.len() {
            let (found, received) = separated(&stream, length);
            assert_eq!(found, text, "in pieces of {length}");
            assert_eq!(received, messages, "in pieces of {length}");
        }
    }

    #[test]
    fn what_only_looks_like_a_sign_is_text() {
        let mut other = line("n0nsense", Sign::Message(b"x"));
        other.extend([FIRST, FIRST]);
        other.extend_from_slice(&line(NONCE, Sign::Begin)[..4]);
        other.extend_from_slice(b"\n\x1en0nce:what\n\x1en0nce:wabc\n\x1en0nce");
        let stream = stream_of(&[Err(Sign::Begin), Ok(&other)]);
        for length in 1..=stream.len() {
            assert_eq!(separated(&stream, length), (other.clone(), Vec::new()));
        }
    }

    #[test]
    fn text_is_not_held_back() {
        let mut unweaver = Unweaver::new(NONCE);
        unweaver.push(&line(NONCE, Sign::Begin));
        let text = b"password: ".to_vec();
        assert_eq!(unweaver.push(&text), [Part::Text(text)]);
    }
}
