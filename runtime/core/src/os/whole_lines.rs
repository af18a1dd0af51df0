//! Whole lines of streams that are shown as one, so that no line of one stream is split by a line of
//! another.

use super::inband::Part;

/// Holds back the unfinished line of a stream.
#[derive(Debug, Default)]
pub(crate) struct WholeLines {
    unfinished: Vec<u8>,
}

impl WholeLines {
    /// Passes on what ends with a line or a message. Text printed before a message arrives before it.
    pub(crate) fn push(&mut self, parts: Vec<Part>) -> Vec<Part> {
        let mut whole = Vec::new();
        for part in parts {
            match part {
                Part::Text(text) => {
                    self.unfinished.extend(text);
                    let end = self.unfinished.iter().rposition(|byte| *byte == b'\n');
                    let rest = self.unfinished.split_off(end.map_or(0, |end| end + 1));
                    self.finish(&mut whole);
                    self.unfinished = rest;
                }
                Part::Message(_) => {
                    self.finish(&mut whole);
                    whole.push(part);
                }
            }
        }
        whole
    }

    /// Passes on what is left, at the end of the stream or before a message.
    pub(crate) fn finish(&mut self, parts: &mut Vec<Part>) {
        if !self.unfinished.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut self.unfinished)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, WholeLines};

    fn text(text: &str) -> Part {
        Part::Text(text.as_bytes().to_vec())
    }

    #[test]
    fn a_line_that_arrives_in_pieces_is_passed_on_whole() {
        let mut lines = WholeLines::default();
        assert_eq!(lines.push(vec![text("attempt ")]), []);
        let whole = lines.push(vec![text("2\nto\nstan"), text("dard")]);
        assert_eq!(whole, [text("attempt 2\nto\n")]);
        assert_eq!(
            lines.push(vec![text(" error\n")]),
            [text("standard error\n")]
        );
        let mut rest = Vec::new();
        lines.finish(&mut rest);
        assert_eq!(rest, []);
    }

    #[test]
    fn what_was_printed_before_a_message_or_the_end_is_not_held_back() {
        let mut lines = WholeLines::default();
        let message = || Part::Message(b"ended".to_vec());
        let whole = lines.push(vec![text("no end"), message(), text("nor here")]);
        assert_eq!(whole, [text("no end"), message()]);
        let mut rest = Vec::new();
        lines.finish(&mut rest);
        assert_eq!(rest, [text("nor here")]);
    }
}
