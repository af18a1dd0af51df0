//! Wraps printed text at 80 columns.

const WIDTH: usize = 79;

/// Breaks a line between words. Further lines are indented.
pub(crate) fn wrap(line: &str, indent: usize) -> String {
    let (mut text, mut column, mut is_start) = (String::new(), 0, true);
    for word in line.split_inclusive(' ') {
        let width = word.trim_end().chars().count();
        if !is_start && column + width > WIDTH {
            text.truncate(text.trim_end().len());
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            column = indent;
        }
        text.push_str(word);
        is_start &= word.trim().is_empty();
        column += word.chars().count();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn a_long_line_is_broken_between_words() {
        let line = format!("  3 × {} end", "word ".repeat(20).trim_end());
        let first = format!("  3 × {}", "word ".repeat(14).trim_end());
        let second = format!("      {} end", "word ".repeat(6).trim_end());
        assert_eq!(wrap(&line, 6), format!("{first}\n{second}"));
        assert_eq!(wrap("short", 6), "short");
    }

    #[test]
    fn a_long_word_stays_whole() {
        let word = "x".repeat(100);
        assert_eq!(wrap(&word, 2), word);
        assert_eq!(wrap(&format!("a {word} b"), 2), format!("a\n  {word}\n  b"));
    }
}
