//! The output of the runtime, without the differences between runs.

use crate::Finished;

impl Finished {
    /// Returns what the runtime has printed about a test of a file, from its first line on.
    ///
    /// Values that the test has sent with `say("value NAME VALUE")` are replaced by their names,
    /// line numbers by 1, and process identifiers by N.
    #[must_use]
    pub fn reported(&self, file: &str) -> String {
        let Some(start) = self.errors.find("isolated-test: ") else {
            return String::new();
        };
        let mut text = self.errors[start..].to_owned();
        for line in self.output.lines() {
            if let Some((name, value)) = line
                .strip_prefix("@value ")
                .and_then(|rest| rest.split_once(' '))
            {
                text = text.replace(value, name);
            }
        }
        text = without_digits(&text, &format!("tests/tests/{file}.rs:"), "1");
        text = without_digits(&text, "(pid ", "N");
        text = without_target(&text);
        // The outer test includes ignored tests, so that its inner test runs.
        text.replace(" --include-ignored", "")
            .replace(" --run-ignored all", "")
    }
}

/// Removes the target of the tests, which the line that repeats a test names where it is not that of the
/// compiler.
fn without_target(text: &str) -> String {
    let mut parts = text.split(" --target ");
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        result.push_str(part.trim_start_matches(|c: char| c != ' '));
    }
    result
}

/// Replaces the digits after each occurrence of a text.
#[must_use]
pub fn without_digits(text: &str, behind: &str, by: &str) -> String {
    let mut parts = text.split(behind);
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        result = format!("{result}{behind}{by}{rest}");
    }
    result
}
