//! One block of a record: the text of one test.

/// The size of a block.
pub(crate) const BLOCK: usize = 1024;

/// The text of a block and a zero, at which readers stop: what an older text has left behind it means
/// nothing.
///
/// The bytes have room from the beginning, because a block is written for every test.
pub(crate) struct Block {
    bytes: [u8; BLOCK],
    length: usize,
}

impl Block {
    pub(crate) fn new() -> Self {
        Block {
            bytes: [0; BLOCK],
            length: 0,
        }
    }

    /// Returns the text and the zero behind it, for which there may be no room.
    pub(crate) fn written(&self) -> &[u8] {
        &self.bytes[..BLOCK.min(self.length + 1)]
    }

    /// Adds a line, and tells whether it fits. Only a first line that does not is cut.
    pub(crate) fn add_line(&mut self, line: &str) -> bool {
        let room = &mut self.bytes[self.length..];
        if line.len() < room.len() {
            room[..line.len()].copy_from_slice(line.as_bytes());
            room[line.len()] = b'\n';
            self.length += line.len() + 1;
            return true;
        }
        if self.length == 0 {
            let length = BLOCK.min(line.len());
            room[..length].copy_from_slice(&line.as_bytes()[..length]);
            self.length = self.cut();
            self.bytes[self.length..].fill(0);
        }
        false
    }

    /// Returns where the last character ends of which all is there.
    fn cut(&self) -> usize {
        std::str::from_utf8(&self.bytes).map_or_else(|error| error.valid_up_to(), str::len)
    }
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, Block};

    fn written(lines: &[&str]) -> String {
        let mut block = Block::new();
        for line in lines {
            block.add_line(line);
        }
        String::from_utf8(block.written().to_vec()).unwrap()
    }

    #[test]
    fn a_text_ends_with_a_zero_if_there_is_room() {
        assert_eq!(written(&["one", "two"]), "one\ntwo\n\0");
        for length in [BLOCK - 3, BLOCK - 2, BLOCK - 1, BLOCK, BLOCK + 1] {
            let text = "x".repeat(length);
            let whole = [&*text, "\n\0"].concat();
            assert_eq!(written(&[&text]), whole[..whole.len().min(BLOCK)]);
        }
    }

    #[test]
    fn only_whole_lines_follow_the_first() {
        let fits = "x".repeat(BLOCK - 7);
        assert_eq!(
            written(&["first", &fits]),
            ["first\n", &fits, "\n"].concat()
        );
        for length in [BLOCK - 6, BLOCK - 5, BLOCK] {
            assert_eq!(written(&["first", &"x".repeat(length)]), "first\n\0");
        }
    }

    #[test]
    fn a_character_is_whole_or_not_there() {
        let text = "o".to_owned() + &"ö".repeat(BLOCK);
        assert_eq!(written(&[&text]), ["o", &"ö".repeat(511), "\0"].concat());
    }
}
