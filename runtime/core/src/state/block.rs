//! One block of a record: the text about one test or guard.

/// The size of a block, in bytes.
pub(crate) const BLOCK: usize = 1024;

/// Truncates a text to the lines that fit into a block, or to a part of the first line. Appends a
/// zero if there is room: readers stop there and ignore what an older text has left behind.
pub(crate) fn fitted(mut text: String) -> String {
    if text.len() > BLOCK {
        let mut whole = (0..=BLOCK).rev().filter(|at| text.is_char_boundary(*at));
        let whole = whole.next().unwrap_or_default();
        let end = text[..whole].rfind('\n').map_or(whole, |last| last + 1);
        text.truncate(end);
    }
    if text.len() < BLOCK {
        text.push('\0');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, fitted};

    fn written(lines: &[&str]) -> String {
        fitted(lines.join("\n") + "\n")
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
