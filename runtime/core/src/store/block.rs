//! One block of a record: the text of one test, written without strings.

/// The size of a block.
pub(crate) const BLOCK: usize = 1024;

/// The text of a block and a zero, at which readers stop: what an older text has left behind it means
/// nothing.
///
/// It is written for every test. Neither strings nor formatting are used, which would take several
/// times as long in a build without optimisation.
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
    pub(crate) fn add_line(&mut self, parts: &[&str]) -> bool {
        let begin = self.length;
        for part in parts {
            self.add(part);
        }
        self.add("\n");
        if self.length <= BLOCK {
            return true;
        }
        self.length = if begin > 0 { begin } else { self.cut() };
        self.bytes[self.length..].fill(0);
        false
    }

    /// Adds what there is room for, and counts all.
    fn add(&mut self, part: &str) {
        if part.is_empty() {
            return;
        }
        let end = self.length + part.len();
        if end <= BLOCK {
            self.bytes[self.length..end].copy_from_slice(part.as_bytes());
        } else if self.length < BLOCK {
            let room = &mut self.bytes[self.length..];
            room.copy_from_slice(&part.as_bytes()[..room.len()]);
        }
        self.length = end;
    }

    /// Returns where the last character ends of which all is there.
    fn cut(&self) -> usize {
        std::str::from_utf8(&self.bytes).map_or_else(|error| error.valid_up_to(), str::len)
    }
}

/// A number in decimal digits.
pub(crate) struct Digits {
    bytes: [u8; Digits::MOST],
    begin: usize,
}

impl Digits {
    /// As many as the largest number has.
    const MOST: usize = 20;

    pub(crate) fn of(mut number: u64) -> Self {
        let mut digits = Digits {
            bytes: [b'0'; Digits::MOST],
            begin: Digits::MOST,
        };
        while number > 0 || digits.begin == Digits::MOST {
            digits.begin -= 1;
            digits.bytes[digits.begin] += (number % 10) as u8;
            number /= 10;
        }
        digits
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[self.begin..]).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, Block, Digits};

    fn written(lines: &[&str]) -> String {
        let mut block = Block::new();
        for line in lines {
            block.add_line(&[line]);
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

    #[test]
    fn numbers_are_written_as_they_are_read() {
        for number in [0, 7, 10, 1_795_288_470_360, u64::MAX] {
            assert_eq!(Digits::of(number).as_str(), number.to_string());
        }
    }
}
