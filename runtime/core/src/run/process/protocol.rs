//! The messages between a subprocess and its parent, as bytes.
//!
//! Both ends are the same binary, so the format may change with every version. Each message is a
//! frame: the length of the content in four bytes, then the content.

use std::ffi::OsString;

use super::wire::{Wire, wire};
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
    /// A lock of a guard is lost; the text says which, and why.
    Lost(String),
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
    /// The annotated function never ran; the text says why.
    Died(String),
    /// A resource has skipped the test, for this reason.
    Skipped(String),
}

/// Everything that the parent hands over to the subprocess.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Handover {
    pub(crate) values: Vec<HandleWire>,
    /// Whether the subprocess has its own network.
    pub(crate) own_network: bool,
    /// Whether the parent holds the lock of tests that could not get their own network.
    pub(crate) serial_network: bool,
    /// The fences of the locks across machines, each with its key as in records.
    pub(crate) fences: Vec<(String, u64)>,
    /// The value of `TERM` that was withheld; empty if there was none.
    pub(crate) terminal: OsString,
    /// The bits of the speed of the test's clock.
    pub(crate) clock: Option<u64>,
}

/// The handle of one resource.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum HandleWire {
    /// Nothing to transfer: the subprocess provisions the resource.
    Nothing,
    Ports(Vec<u16>),
    Dir(OsString),
    Namespace(String),
    Seed(u64),
    Custom(String),
    Item(String),
}

wire! { ChildMessage { 0: Started, 1: Unable(why), 2: BodyEnd(ended), 3: Call(call), 4: Lost(why), } }
wire! { BodyEnd { how, is_clean, described } }
wire! { How { 0: Passed, 1: Failed, 2: Panicked(message), 3: Died(why), 4: Skipped(why), } }
wire! { Call { 0: ReleasePort { resource, nth }, 1: KeepDir { resource }, 2: CloseDir { resource }, 3: Reclaim { line }, } }
wire! { Handover { values, own_network, serial_network, fences, terminal, clock } }
wire! {
    HandleWire {
        0: Nothing, 1: Ports(numbers), 2: Dir(path), 3: Namespace(name), 4: Seed(seed), 5: Custom(text),
        6: Item(item),
    }
}

/// Encodes a message as a frame.
pub(super) fn encode(message: &impl Wire) -> Vec<u8> {
    let mut content = Vec::new();
    message.write(&mut content);
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    [&length.to_le_bytes(), &*content].concat()
}

/// Decodes the content of a frame.
pub(super) fn decode<T: Wire>(mut content: &[u8]) -> Option<T> {
    T::read(&mut content)
}

/// Removes the first frame from the bytes read so far, once it is complete. Returns its content.
pub(super) fn take_frame(buffer: &mut Vec<u8>) -> Option<Vec<u8>> {
    let length = u32::from_le_bytes(*buffer.first_chunk()?);
    let end = 4 + usize::try_from(length).ok()?;
    if buffer.len() < end {
        return None;
    }
    Some(buffer.drain(..end).skip(4).collect())
}

#[cfg(test)]
mod tests {
    use super::{
        BodyEnd, Call, ChildMessage, HandleWire, Handover, How, decode, encode, take_frame,
    };

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
            ended(How::Died("failed to make `pool`: refused".to_owned())),
            ended(How::Skipped("Docker is not installed".to_owned())),
            ended(How::Panicked(Some("größer\nals".to_owned()))),
            ChildMessage::Lost("the server is gone".to_owned()),
            ChildMessage::Call(Call::ReleasePort {
                resource: 1,
                nth: 2,
            }),
            ChildMessage::Call(Call::KeepDir { resource: 1 }),
            ChildMessage::Call(Call::CloseDir { resource: 300 }),
            ChildMessage::Call(Call::Reclaim {
                line: "database shop_1".to_owned(),
            }),
        ]
    }

    #[test]
    fn words_arrive_as_they_were_said() {
        let mut buffer: Vec<u8> = words().iter().flat_map(encode).collect();
        for word in words() {
            let frame = take_frame(&mut buffer).unwrap();
            assert_eq!(decode(&frame), Some(word));
        }
        assert!(buffer.is_empty());
    }

    #[test]
    fn half_a_word_is_none() {
        for word in words() {
            let whole = encode(&word);
            for end in 0..whole.len() {
                assert_eq!(take_frame(&mut whole[..end].to_vec()), None);
            }
            for end in 0..whole.len() - 4 {
                let cut: Option<ChildMessage> = decode(&whole[4..4 + end]);
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
                HandleWire::Item("left phone".to_owned()),
            ],
            own_network: true,
            serial_network: false,
            fences: vec![("staging".to_owned(), 42)],
            terminal: "xterm".into(),
            clock: Some(1_f64.to_bits()),
        };
        let frame = take_frame(&mut encode(&given)).unwrap();
        assert_eq!(decode(&frame), Some(given));
        assert_eq!(decode::<Handover>(&frame[..frame.len() - 1]), None);
    }
}
