//! Reads the name of a time zone behind a time, as in `2026-03-29T03:30:00[Europe/Berlin]` (RFC 9557).

/// The time zone of a local time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Zone {
    pub(crate) name: String,
    /// The seconds that it is ahead of UTC, if they are written too.
    pub(crate) offset: Option<i64>,
}

/// Splits a time from the name of its zone, if it has one.
pub(super) fn split(text: &str) -> Result<(&str, Option<&str>), String> {
    let bracketed = text.strip_suffix(']').and_then(|text| text.split_once('['));
    let Some((time, name)) = bracketed else {
        return Ok((text, None));
    };
    if is_name(name) {
        return Ok((time, Some(name)));
    }
    Err(format!(
        "expected the name of a time zone, found `{name}`; write `{time}[Europe/Berlin]`, or an offset from UTC \
         without brackets"
    ))
}

/// Whether the text can be the name of a zone, and so a path below the directory of the zone data.
fn is_name(text: &str) -> bool {
    let is_part = |part: &str| {
        let is_in_names = |byte: u8| byte.is_ascii_alphanumeric() || b"_-+".contains(&byte);
        part.bytes()
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic())
            && part.bytes().all(is_in_names)
    };
    text.split('/').all(is_part)
}
