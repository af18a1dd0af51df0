//! The meanings of the codes in an answer.

use std::collections::HashMap;
use std::sync::LazyLock;

static REASONS: LazyLock<HashMap<u16, String>> = LazyLock::new(|| {
    [(200, "delivered"), (202, "on its way"), (404, "moved")]
        .map(|(code, reason)| (code, reason.to_owned()))
        .into()
});

pub fn reason(code: u16) -> &'static str {
    REASONS.get(&code).map_or("unknown", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn known_codes() {
        assert_eq!(reason(200), "delivered");
        assert_eq!(reason(404), "moved");
    }

    #[test]
    fn unknown_codes() {
        assert_eq!(reason(599), "unknown");
    }

    #[tokio::test]
    async fn codes_from_a_task() {
        let reason = tokio::spawn(async { reason(202) }).await.unwrap();
        assert_eq!(reason, "on its way");
    }
}
