//! The lines that tests and their host exchange: words, separated by tabs.

use std::io::{self, BufRead, Read, Write};

/// The longest line that is read.
const LONGEST: u64 = 1024 * 1024;

pub(crate) fn write(stream: &mut impl Write, words: &[&str]) -> io::Result<()> {
    let escaped = words.iter().map(|word| {
        word.replace('\\', "\\\\")
            .replace('\t', "\\t")
            .replace('\n', "\\n")
    });
    let mut line = escaped.collect::<Vec<_>>().join("\t");
    line.push('\n');
    stream.write_all(line.as_bytes())
}

/// The next line. `None` at the end.
pub(crate) fn read(stream: &mut impl BufRead) -> io::Result<Option<Vec<String>>> {
    let mut line = String::new();
    stream.take(LONGEST).read_line(&mut line)?;
    let Some(line) = line.strip_suffix('\n') else {
        return Ok(None);
    };
    Ok(Some(line.split('\t').map(unescaped).collect()))
}

fn unescaped(word: &str) -> String {
    let mut text = String::new();
    let mut rest = word.chars();
    while let Some(one) = rest.next() {
        text.push(match one {
            '\\' => match rest.next() {
                Some('t') => '\t',
                Some('n') => '\n',
                other => other.unwrap_or('\\'),
            },
            other => other,
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{read, write};

    #[test]
    fn words_arrive_as_they_were_sent() {
        let words = ["take", "", "a\tb\nc\\n\\", "ü"];
        let mut bytes = Vec::new();
        write(&mut bytes, &words).unwrap();
        write(&mut bytes, &["end"]).unwrap();
        bytes.extend(b"cut off");
        let mut stream = &bytes[..];
        assert_eq!(read(&mut stream).unwrap().unwrap(), words);
        assert_eq!(read(&mut stream).unwrap().unwrap(), ["end"]);
        assert_eq!(read(&mut stream).unwrap(), None);
    }
}
