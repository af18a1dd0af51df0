//! Statements in the encoding of a client.

use std::borrow::Cow;

/// The text of a client. If it is not UTF-8, each byte is a character, because every encoding of a client has the
/// signs of SQL where ASCII has them.
pub(super) struct Sql<'a> {
    text: Cow<'a, str>,
    is_utf8: bool,
}

impl<'a> Sql<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Self {
        let utf8 = std::str::from_utf8(bytes);
        let by_byte = |_| bytes.iter().map(|byte| char::from(*byte)).collect();
        Sql {
            is_utf8: utf8.is_ok(),
            text: utf8.map_or_else(by_byte, Cow::Borrowed),
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The bytes of a text that was made of this one.
    pub(super) fn bytes(&self, text: &str) -> Vec<u8> {
        if self.is_utf8 {
            return text.as_bytes().to_vec();
        }
        let bytes = text.chars().map(u8::try_from);
        bytes.map(|byte| byte.unwrap_or(b'?')).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Sql;

    #[test]
    fn texts_come_back_in_any_encoding() {
        for bytes in ["SELECT 'ü'".as_bytes(), b"SELECT '\xfc\xff'"] {
            let sql = Sql::read(bytes);
            assert!(sql.text().starts_with("SELECT '"));
            assert_eq!(sql.bytes(sql.text()), bytes);
            assert_eq!(sql.bytes("COMMIT"), b"COMMIT");
        }
    }
}
