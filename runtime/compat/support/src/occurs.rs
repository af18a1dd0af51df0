//! The variables with which rusty-fork and test-fork mark their subprocesses.

/// The value of the variable for a test: this process's value, followed by a mark for the test.
///
/// As in the original crates, a mark is a colon and sixteen hexadecimal digits.
#[must_use]
pub fn occurs(variable: &str, test: &str) -> String {
    let outer = std::env::var(variable).unwrap_or_default();
    format!("{outer}:{:016X}", number(test))
}

/// A number that is the same in every process (FNV-1a).
fn number(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |number, byte| {
        (number ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::occurs;

    #[test]
    fn a_mark_has_seventeen_characters() {
        let unset = "ISOLATED_COMPAT_TESTS_NEVER_SET_THIS";
        assert_eq!(occurs(unset, ""), ":CBF29CE484222325");
        assert_eq!(occurs(unset, "a"), ":AF63DC4C8601EC8C");
    }

    #[test]
    fn what_this_process_has_stays() {
        let outer = std::env::var("CARGO_PKG_NAME").unwrap_or_default();
        assert!(occurs("CARGO_PKG_NAME", "a").starts_with(&outer));
    }
}
