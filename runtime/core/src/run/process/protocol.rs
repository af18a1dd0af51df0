//! The messages between a subprocess and its parent, as bytes.
//!
//! Both ends are the same binary, so the format may change with every version. Each message is a
//! frame: the length of the content in four bytes, then the content.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::os;
use crate::resource::remote::Call;

/// A message of the subprocess to its parent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ChildMessage {
    /// The test was found, and waits for the handover.
    Started,
    /// The test could not begin; the text says why.
    Unable(String),
    /// The body has ended.
    BodyEnd(BodyEnd),
    /// A request to the parent, which answers.
    Call(Call),
}

/// The end of a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BodyEnd {
    pub(crate) how: How,
    /// Whether the subprocess released all of its resources.
    pub(crate) is_clean: bool,
    /// The descriptions of the subprocess's resources, with the index of each resource.
    pub(crate) described: Vec<(usize, String)>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum How {
    Passed,
    /// The body returned a failure.
    Failed,
    /// The body panicked, usually with a message.
    Panicked(Option<String>),
}

/// Everything that the parent hands over to the subprocess.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Handover {
    pub(crate) values: Vec<HandleWire>,
    /// Whether the subprocess has its own network.
    pub(crate) own_network: bool,
    /// Whether the parent holds the lock of tests that could not get their own network.
    pub(crate) serial_network: bool,
    /// The value of `TERM` that was withheld; empty if there was none.
    pub(crate) terminal: OsString,
}

/// The handle of one resource.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum HandleWire {
    /// Nothing to transfer: the subprocess provisions the resource.
    Nothing,
    Ports(Vec<u16>),
    Dir(PathBuf),
    Namespace(String),
    Seed(u64),
    Custom(String),
}

impl ChildMessage {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        match self {
            ChildMessage::Started => out.byte(0),
            ChildMessage::Unable(why) => {
                out.byte(1);
                out.text(why);
            }
            ChildMessage::BodyEnd(ended) => {
                out.byte(2);
                match &ended.how {
                    How::Passed => out.byte(0),
                    How::Failed => out.byte(1),
                    How::Panicked(None) => out.byte(2),
                    How::Panicked(Some(message)) => {
                        out.byte(3);
                        out.text(message);
                    }
                }
                out.byte(u8::from(ended.is_clean));
                out.number(ended.described.len());
                for (index, text) in &ended.described {
                    out.number(*index);
                    out.text(text);
                }
            }
            ChildMessage::Call(call) => {
                let (kind, resource, nth) = match *call {
                    Call::ReleasePort { resource, nth } => (3, resource, nth),
                    Call::KeepDir { resource } => (4, resource, 0),
                    Call::CloseDir { resource } => (5, resource, 0),
                };
                out.byte(kind);
                out.number(resource);
                out.number(nth);
            }
        }
        out.frame()
    }

    /// Decodes the content of a frame.
    pub(crate) fn decode(content: &[u8]) -> Option<ChildMessage> {
        let mut input = Reader(content);
        Some(match input.byte()? {
            0 => ChildMessage::Started,
            1 => ChildMessage::Unable(input.text()?),
            2 => {
                let how = match input.byte()? {
                    0 => How::Passed,
                    1 => How::Failed,
                    2 => How::Panicked(None),
                    3 => How::Panicked(Some(input.text()?)),
                    _ => return None,
                };
                let is_clean = input.byte()? == 1;
                let described = input.many(|input| Some((input.number()?, input.text()?)))?;
                ChildMessage::BodyEnd(BodyEnd {
                    how,
                    is_clean,
                    described,
                })
            }
            kind => {
                let (resource, nth) = (input.number()?, input.number()?);
                ChildMessage::Call(match kind {
                    3 => Call::ReleasePort { resource, nth },
                    4 => Call::KeepDir { resource },
                    5 => Call::CloseDir { resource },
                    _ => return None,
                })
            }
        })
    }
}

impl Handover {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.byte(u8::from(self.own_network));
        out.byte(u8::from(self.serial_network));
        out.list(&os::path_to_bytes(Path::new(&self.terminal)));
        out.number(self.values.len());
        for gift in &self.values {
            match gift {
                HandleWire::Nothing => out.byte(0),
                HandleWire::Ports(numbers) => {
                    out.byte(1);
                    out.number(numbers.len());
                    for number in numbers {
                        out.bytes(&number.to_le_bytes());
                    }
                }
                HandleWire::Dir(path) => {
                    out.byte(2);
                    out.list(&os::path_to_bytes(path));
                }
                HandleWire::Namespace(name) => {
                    out.byte(3);
                    out.text(name);
                }
                HandleWire::Seed(seed) => {
                    out.byte(4);
                    out.bytes(&seed.to_le_bytes());
                }
                HandleWire::Custom(text) => {
                    out.byte(5);
                    out.text(text);
                }
            }
        }
        out.frame()
    }

    /// Decodes the content of a frame.
    pub(crate) fn decode(content: &[u8]) -> Option<Handover> {
        let mut input = Reader(content);
        let (own_network, serial_network) = (input.byte()? == 1, input.byte()? == 1);
        let terminal = os::path_from_bytes(input.list()?).into_os_string();
        let values = input.many(HandleWire::read)?;
        Some(Handover {
            values,
            own_network,
            serial_network,
            terminal,
        })
    }
}

impl HandleWire {
    fn read(input: &mut Reader<'_>) -> Option<HandleWire> {
        Some(match input.byte()? {
            0 => HandleWire::Nothing,
            1 => HandleWire::Ports(input.many(|input| Some(u16::from_le_bytes(input.array()?)))?),
            2 => HandleWire::Dir(os::path_from_bytes(input.list()?)),
            3 => HandleWire::Namespace(input.text()?),
            4 => HandleWire::Seed(u64::from_le_bytes(input.array()?)),
            5 => HandleWire::Custom(input.text()?),
            _ => return None,
        })
    }
}

/// Wraps the content of a message in a frame.
pub(crate) fn frame(content: &[u8]) -> Vec<u8> {
    let mut out = Writer::default();
    out.bytes(content);
    out.frame()
}

/// Removes the first frame from the bytes read so far, once it is complete. Returns its content.
pub(crate) fn take_frame(buffer: &mut Vec<u8>) -> Option<Vec<u8>> {
    let length = u32::from_le_bytes(buffer.get(..4)?.try_into().ok()?);
    let end = 4 + usize::try_from(length).ok()?;
    if buffer.len() < end {
        return None;
    }
    let rest = buffer.split_off(end);
    let whole = std::mem::replace(buffer, rest);
    Some(whole[4..].to_vec())
}

#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn number(&mut self, number: usize) {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.bytes(&number.to_le_bytes());
    }

    fn list(&mut self, bytes: &[u8]) {
        self.number(bytes.len());
        self.bytes(bytes);
    }

    fn text(&mut self, text: &str) {
        self.list(text.as_bytes());
    }

    fn frame(self) -> Vec<u8> {
        let length = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        let mut frame = length.to_le_bytes().to_vec();
        frame.extend(self.0);
        frame
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(head)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn number(&mut self) -> Option<usize> {
        usize::try_from(u32::from_le_bytes(self.array()?)).ok()
    }

    fn list(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(length)
    }

    fn many<T>(&mut self, read: fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut all = Vec::new();
        for _ in 0..self.number()? {
            all.push(read(self)?);
        }
        Some(all)
    }

    fn text(&mut self) -> Option<String> {
        Some(String::from_utf8_lossy(self.list()?).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::{BodyEnd, Call, ChildMessage, HandleWire, Handover, How, take_frame};

    fn words() -> Vec<ChildMessage> {
        let ended = |how| {
            ChildMessage::BodyEnd(BodyEnd {
                how,
                is_clean: false,
                described: vec![(3, "a server on port 1".to_owned())],
            })
        };
        vec![
            ChildMessage::Started,
            ChildMessage::Unable("no space".to_owned()),
            ended(How::Passed),
            ended(How::Failed),
            ended(How::Panicked(None)),
            ended(How::Panicked(Some("größer\nals".to_owned()))),
            ChildMessage::Call(Call::ReleasePort {
                resource: 1,
                nth: 2,
            }),
            ChildMessage::Call(Call::KeepDir { resource: 1 }),
            ChildMessage::Call(Call::CloseDir { resource: 300 }),
        ]
    }

    #[test]
    fn words_arrive_as_they_were_said() {
        let mut buffer: Vec<u8> = words().iter().flat_map(ChildMessage::encode).collect();
        for word in words() {
            let frame = take_frame(&mut buffer).unwrap();
            assert_eq!(ChildMessage::decode(&frame), Some(word));
        }
        assert!(buffer.is_empty());
    }

    #[test]
    fn half_a_word_is_none() {
        for word in words() {
            let whole = word.encode();
            for end in 0..whole.len() {
                assert_eq!(take_frame(&mut whole[..end].to_vec()), None);
            }
            for end in 0..whole.len() - 4 {
                let cut = ChildMessage::decode(&whole[4..4 + end]);
                assert!(
                    cut.is_none_or(|cut| cut == ChildMessage::Started),
                    "{word:?} {end}"
                );
            }
        }
    }

    #[test]
    fn handles_arrive_as_they_were_given() {
        let given = Handover {
            values: vec![
                HandleWire::Nothing,
                HandleWire::Ports(vec![1, 65535]),
                HandleWire::Dir("/tmp/x y".into()),
                HandleWire::Namespace("t1".to_owned()),
                HandleWire::Seed(u64::MAX),
                HandleWire::Custom("http://[::1]:80/".to_owned()),
            ],
            own_network: true,
            serial_network: false,
            terminal: "xterm".into(),
        };
        let frame = take_frame(&mut given.encode()).unwrap();
        assert_eq!(Handover::decode(&frame), Some(given));
        assert_eq!(Handover::decode(&frame[..frame.len() - 1]), None);
    }
}
