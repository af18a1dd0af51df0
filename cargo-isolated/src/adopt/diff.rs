//! Shows the planned edits.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

use super::plan::Change;
use crate::terminal::{STRONG, styled};

const HUNK: Style = AnsiColor::Cyan.on_default();
const ADDED: Style = AnsiColor::Green.on_default();
const REMOVED: Style = AnsiColor::Red.on_default();

/// Writes a unified diff, with colours that the stream may drop.
pub(super) fn write(changes: &[Change], out: &mut impl Write) -> io::Result<()> {
    for change in changes {
        let path = &change.shown;
        line(out, STRONG, &format!("--- a/{path}"))?;
        line(out, STRONG, &format!("+++ b/{path}"))?;
        let diff = TextDiff::from_lines(change.before.as_str(), change.after.as_str());
        for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
            line(out, HUNK, &hunk.header().to_string())?;
            for part in hunk.iter_changes() {
                let (sign, style) = match part.tag() {
                    ChangeTag::Insert => ('+', ADDED),
                    ChangeTag::Delete => ('-', REMOVED),
                    ChangeTag::Equal => (' ', Style::new()),
                };
                let text = part.value().trim_end_matches(['\r', '\n']);
                line(out, style, &format!("{sign}{text}"))?;
                if part.missing_newline() {
                    line(out, Style::new(), "\\ No newline at end of file")?;
                }
            }
        }
    }
    Ok(())
}

fn line(out: &mut impl Write, style: Style, text: &str) -> io::Result<()> {
    writeln!(out, "{}", styled(style, text))
}

#[cfg(test)]
mod tests {
    use super::{Change, write};

    #[test]
    fn a_diff_shows_the_added_lines() {
        let change = Change {
            path: "x".into(),
            shown: "tests/api.rs".to_owned(),
            before: "a\r\nb\r\n".to_owned(),
            after: "a\r\nnew\r\nb\r\n".to_owned(),
            packages: [].into(),
            is_manifest: false,
        };
        let mut out = anstream::StripStream::new(Vec::new());
        write(&[change], &mut out).expect("a vector can be written");
        let text = String::from_utf8(out.into_inner()).expect("UTF-8");
        assert_eq!(
            text,
            "--- a/tests/api.rs\n+++ b/tests/api.rs\n@@ -1,2 +1,3 @@\n a\n+new\n b\n"
        );
    }
}
