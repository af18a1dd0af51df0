//! One line of the trace: one JSON object.

use std::fmt::Write as _;

use crate::lock::{Holder, Want};

/// Maximum number of characters of a text; panic messages may be long.
const MOST: usize = 2_000;

/// The value of a field.
pub(super) enum Field<'a> {
    Text(&'a str),
    Number(u64),
    Want(Want),
    Holders(&'a [Holder]),
}

/// Formats one line, with its newline.
pub(super) fn line(
    time: u64,
    event: &str,
    id: Option<u64>,
    values: &[(&str, Field<'_>)],
) -> String {
    let mut line = format!("{{\"t\":{time},\"e\":\"{event}\"");
    if let Some(id) = id {
        let _ = write!(line, ",\"id\":{id}");
    }
    for (name, value) in values {
        let _ = write!(line, ",\"{name}\":");
        match value {
            Field::Text(text) => push_text(&mut line, text),
            Field::Want(want) => {
                push_text(&mut line, &want.code());
                if let Some(limit) = want.mode.slots() {
                    let _ = write!(line, ",\"limit\":{limit}");
                }
            }
            Field::Number(number) => {
                let _ = write!(line, "{number}");
            }
            Field::Holders(holders) => {
                line.push('[');
                for (index, holder) in holders.iter().enumerate() {
                    line.push_str(if index > 0 {
                        ",{\"test\":"
                    } else {
                        "{\"test\":"
                    });
                    push_text(&mut line, &holder.name);
                    let _ = write!(line, ",\"pid\":{}}}", holder.process);
                }
                line.push(']');
            }
        }
    }
    line.push_str("}\n");
    line
}

/// Appends a text as a JSON string.
fn push_text(line: &mut String, text: &str) {
    line.push('"');
    for char in text.chars().take(MOST) {
        match char {
            '"' | '\\' => line.extend(['\\', char]),
            '\0'..='\x1f' => {
                let _ = write!(line, "\\u{:04x}", u32::from(char));
            }
            _ => line.push(char),
        }
    }
    line.push('"');
}

#[cfg(test)]
mod tests {
    use super::{Field, MOST, line};
    use crate::lock::key::Key;
    use crate::lock::{Holder, Mode, Subject, Want};

    const TCP: Want = Want {
        subject: Subject::Key(Key::new("tcp")),
        mode: Mode::Exclusive,
    };

    const LIMITED: Want = Want {
        mode: Mode::Limit(3),
        ..TCP
    };

    #[test]
    fn a_line_is_an_object_in_a_fixed_order() {
        let holders = [Holder::new("a::b", 7, 1, ""), Holder::new("c", 8, 2, "")];
        for (found, expected) in [
            (
                line(12, "body", Some(3), &[]),
                "{\"t\":12,\"e\":\"body\",\"id\":3}\n",
            ),
            (
                line(12, "process", None, &[("pid", Field::Number(7))]),
                "{\"t\":12,\"e\":\"process\",\"pid\":7}\n",
            ),
            (
                line(
                    1,
                    "wait",
                    Some(1),
                    &[
                        ("want", Field::Want(TCP)),
                        ("behind", Field::Holders(&holders)),
                    ],
                ),
                "{\"t\":1,\"e\":\"wait\",\"id\":1,\"want\":\"serial tcp\",\"behind\":[\
                 {\"test\":\"a::b\",\"pid\":7},{\"test\":\"c\",\"pid\":8}]}\n",
            ),
            (
                line(1, "held", Some(1), &[("want", Field::Want(LIMITED))]),
                "{\"t\":1,\"e\":\"held\",\"id\":1,\"want\":\"limit tcp\",\"limit\":3}\n",
            ),
            (
                line(1, "wait", Some(1), &[("behind", Field::Holders(&[]))]),
                "{\"t\":1,\"e\":\"wait\",\"id\":1,\"behind\":[]}\n",
            ),
        ] {
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn texts_stay_on_their_line_and_within_their_quotes() {
        let text = |text| line(0, "x", None, &[("s", Field::Text(text))]);
        assert_eq!(
            text("a\"b\\c\nd\u{0}\u{1f}\u{7f}ü</script>"),
            "{\"t\":0,\"e\":\"x\",\"s\":\"a\\\"b\\\\c\\u000ad\\u0000\\u001f\u{7f}ü</script>\"}\n"
        );
        assert_eq!(text(&"ü".repeat(MOST)), text(&"ü".repeat(MOST + 1)));
    }
}
