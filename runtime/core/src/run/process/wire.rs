//! What a test in a process of its own and its parent say to each other, as bytes.
//!
//! Both ends are the same binary, so the form may change with every version. Each message is a
//! frame: its length in four bytes, then its content.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::os;
use crate::resource::remote::Call;

/// What the process of a test says to its parent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// The test was found and waits for its resources.
    Started,
    /// The test could not begin; the text says why.
    Unable(String),
    /// The body has come to its end.
    Ended(Ended),
    /// Something is asked of the parent, which answers.
    Call(Call),
}

/// How a body has ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) how: How,
    /// Whether the resources of that process could be given back.
    pub(crate) is_clean: bool,
    /// What the resources of that process say of themselves, by the index of the resource.
    pub(crate) described: Vec<(usize, String)>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum How {
    Passed,
    /// It returned a failure.
    Failed,
    /// It panicked, usually with a message.
    Panicked(Option<String>),
}

/// What the parent gives to the test.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) values: Vec<Gift>,
    /// Whether the process has a network of its own.
    pub(crate) own_network: bool,
    /// Whether the parent holds the lock of those who could not have one.
    pub(crate) serial_network: bool,
    /// The value of `TERM` that was withheld; empty if there was none.
    pub(crate) terminal: OsString,
}

/// The handle of one resource.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Gift {
    /// It is provisioned in the process of the test.
    Nothing,
    Ports(Vec<u16>),
    Dir(PathBuf),
    Namespace(String),
    Seed(u64),
    Own(String),
}

impl Word {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        match self {
            Word::Started => out.byte(0),
            Word::Unable(why) => {
                out.byte(1);
                out.text(why);
            }
            Word::Ended(ended) => {
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
            Word::Call(call) => {
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

    /// Reads the content of a frame.
    pub(crate) fn decode(content: &[u8]) -> Option<Word> {
        let mut input = Reader(content);
        Some(match input.byte()? {
            0 => Word::Started,
            1 => Word::Unable(input.text()?),
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
                Word::Ended(Ended {
                    how,
                    is_clean,
                    described,
                })
            }
            kind => {
                let (resource, nth) = (input.number()?, input.number()?);
                Word::Call(match kind {
                    3 => Call::ReleasePort { resource, nth },
                    4 => Call::KeepDir { resource },
                    5 => Call::CloseDir { resource },
                    _ => return None,
                })
            }
        })
    }
}

impl Given {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.byte(u8::from(self.own_network));
        out.byte(u8::from(self.serial_network));
        out.list(&os::path_to_bytes(Path::new(&self.terminal)));
        out.number(self.values.len());
        for gift in &self.values {
            match gift {
                Gift::Nothing => out.byte(0),
                Gift::Ports(numbers) => {
                    out.byte(1);
                    out.number(numbers.len());
                    for number in numbers {
                        out.bytes(&number.to_le_bytes());
                    }
                }
                Gift::Dir(path) => {
                    out.byte(2);
                    out.list(&os::path_to_bytes(path));
                }
                Gift::Namespace(name) => {
                    out.byte(3);
                    out.text(name);
                }
                Gift::Seed(seed) => {
                    out.byte(4);
                    out.bytes(&seed.to_le_bytes());
                }
                Gift::Own(text) => {
                    out.byte(5);
                    out.text(text);
                }
            }
        }
        out.frame()
    }

    /// Reads the content of a frame.
    pub(crate) fn decode(content: &[u8]) -> Option<Given> {
        let mut input = Reader(content);
        let (own_network, serial_network) = (input.byte()? == 1, input.byte()? == 1);
        let terminal = os::path_from_bytes(input.list()?).into_os_string();
        let values = input.many(Gift::read)?;
        Some(Given {
            values,
            own_network,
            serial_network,
            terminal,
        })
    }
}

impl Gift {
    fn read(input: &mut Reader<'_>) -> Option<Gift> {
        Some(match input.byte()? {
            0 => Gift::Nothing,
            1 => Gift::Ports(input.many(|input| Some(u16::from_le_bytes(input.array()?)))?),
            2 => Gift::Dir(os::path_from_bytes(input.list()?)),
            3 => Gift::Namespace(input.text()?),
            4 => Gift::Seed(u64::from_le_bytes(input.array()?)),
            5 => Gift::Own(input.text()?),
            _ => return None,
        })
    }
}

/// Writes a frame.
pub(crate) fn frame(content: &[u8]) -> Vec<u8> {
    let mut out = Writer::default();
    out.bytes(content);
    out.frame()
}

/// Takes the first frame out of what was read so far, once it is complete.
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
    use super::{Call, Ended, Gift, Given, How, Word, take_frame};

    fn words() -> Vec<Word> {
        let ended = |how| {
            Word::Ended(Ended {
                how,
                is_clean: false,
                described: vec![(3, "a server on port 1".to_owned())],
            })
        };
        vec![
            Word::Started,
            Word::Unable("no space".to_owned()),
            ended(How::Passed),
            ended(How::Failed),
            ended(How::Panicked(None)),
            ended(How::Panicked(Some("größer\nals".to_owned()))),
            Word::Call(Call::ReleasePort {
                resource: 1,
                nth: 2,
            }),
            Word::Call(Call::KeepDir { resource: 1 }),
            Word::Call(Call::CloseDir { resource: 300 }),
        ]
    }

    #[test]
    fn words_arrive_as_they_were_said() {
        let mut buffer: Vec<u8> = words().iter().flat_map(Word::encode).collect();
        for word in words() {
            let frame = take_frame(&mut buffer).unwrap();
            assert_eq!(Word::decode(&frame), Some(word));
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
                let cut = Word::decode(&whole[4..4 + end]);
                assert!(cut.is_none_or(|cut| cut == Word::Started), "{word:?} {end}");
            }
        }
    }

    #[test]
    fn handles_arrive_as_they_were_given() {
        let given = Given {
            values: vec![
                Gift::Nothing,
                Gift::Ports(vec![1, 65535]),
                Gift::Dir("/tmp/x y".into()),
                Gift::Namespace("t1".to_owned()),
                Gift::Seed(u64::MAX),
                Gift::Own("http://[::1]:80/".to_owned()),
            ],
            own_network: true,
            serial_network: false,
            terminal: "xterm".into(),
        };
        let frame = take_frame(&mut given.encode()).unwrap();
        assert_eq!(Given::decode(&frame), Some(given));
        assert_eq!(Given::decode(&frame[..frame.len() - 1]), None);
    }
}
