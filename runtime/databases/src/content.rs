//! The content of a template, as a short key.

/// The hash FNV-1a of 128 bits. Nobody attacks it: whoever changes migrations may also run them.
#[derive(Debug, Clone)]
pub struct Content(u128);

const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

impl Content {
    /// The content without parts.
    #[must_use]
    pub fn new() -> Self {
        Content(OFFSET)
    }

    /// Adds a part. `ab` and `c` differ from `a` and `bc`.
    pub fn add(&mut self, part: &str) {
        self.bytes(&(part.len() as u64).to_le_bytes());
        self.bytes(part.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| {
            (hash ^ u128::from(*byte)).wrapping_mul(PRIME)
        });
    }

    /// The key: 32 hexadecimal digits.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{:032x}", self.0)
    }
}

impl Default for Content {
    fn default() -> Self {
        Content::new()
    }
}

#[cfg(test)]
mod tests {
    use super::Content;

    fn key(parts: &[&str]) -> String {
        let mut content = Content::new();
        for part in parts {
            content.add(part);
        }
        content.key()
    }

    #[test]
    fn the_hash_is_the_published_one() {
        // From the test vectors at http://www.isthe.com/chongo/tech/comp/fnv/.
        let mut content = Content::new();
        assert_eq!(content.key(), "6c62272e07bb014262b821756295c58d");
        content.bytes(b"a");
        assert_eq!(content.key(), "d228cb696f1a8caf78912b704e4a8964");
    }

    #[test]
    fn keys_depend_on_the_parts_and_their_order() {
        assert_eq!(key(&["a", "b"]), key(&["a", "b"]));
        let others = [
            key(&["b", "a"]),
            key(&["ab"]),
            key(&["a"]),
            key(&["a", "b", ""]),
        ];
        assert!(others.iter().all(|other| *other != key(&["a", "b"])));
    }
}
