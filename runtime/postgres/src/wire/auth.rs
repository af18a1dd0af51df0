//! How a password proves itself to the server: in plain text, by MD5, or by SCRAM-SHA-256.

use std::fs::File;
use std::io::{self, Read};

use super::digest::{from_base64, hex, hmac, md5, pbkdf2, sha256, to_base64, xor};

/// The answer to a request for an MD5 password.
pub(super) fn md5_password(user: &str, password: &str, salt: &[u8]) -> String {
    let inner = hex(&md5(format!("{password}{user}").as_bytes()));
    format!("md5{}", hex(&md5(&[inner.as_bytes(), salt].concat())))
}

/// One exchange by SCRAM-SHA-256 (RFC 5802 and RFC 7677), without channel binding.
pub(super) struct Scram {
    /// PostgreSQL takes the user from the start of the connection, so this is empty.
    user: &'static str,
    nonce: String,
    expected: Option<[u8; 32]>,
}

pub(super) const SCRAM: &str = "SCRAM-SHA-256";

/// The most iterations that a server may ask for. PostgreSQL asks for 4096 unless told otherwise.
const MOST_ITERATIONS: u32 = 10_000_000;

impl Scram {
    pub(super) fn new() -> io::Result<Self> {
        let mut random = [0; 18];
        File::open("/dev/urandom")?.read_exact(&mut random)?;
        Ok(Scram {
            user: "",
            nonce: to_base64(&random),
            expected: None,
        })
    }

    /// The first message.
    pub(super) fn first(&self) -> String {
        format!("n,,{}", self.bare())
    }

    fn bare(&self) -> String {
        format!("n={},r={}", self.user, self.nonce)
    }

    /// The answer to the first message of the server. `None` if that makes no sense.
    ///
    /// The password is used as it is. RFC 5802 asks for a normal form, which differs only for some
    /// passwords that are not ASCII.
    pub(super) fn answer(&mut self, password: &str, server: &str) -> Option<String> {
        let nonce = field(server, "r=")?;
        if !nonce.starts_with(&self.nonce) || nonce.len() == self.nonce.len() {
            return None;
        }
        let salt = from_base64(field(server, "s=")?)?;
        let iterations: u32 = field(server, "i=")?.parse().ok()?;
        if !(1..=MOST_ITERATIONS).contains(&iterations) {
            return None;
        }
        let salted = pbkdf2(password.as_bytes(), &salt, iterations);
        let client_key = hmac(&salted, b"Client Key");
        let last = format!("c=biws,r={nonce}");
        let all = format!("{},{server},{last}", self.bare());
        let proof = xor(client_key, hmac(&sha256(&client_key), all.as_bytes()));
        self.expected = Some(hmac(&hmac(&salted, b"Server Key"), all.as_bytes()));
        Some(format!("{last},p={}", to_base64(&proof)))
    }

    /// Whether the last message of the server proves that it knows the password.
    pub(super) fn is_proof(&self, server: &str) -> bool {
        let proof = field(server, "v=").and_then(from_base64);
        proof.is_some() && proof.as_deref() == self.expected.as_ref().map(<[u8; 32]>::as_slice)
    }
}

fn field<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    message.split(',').find_map(|part| part.strip_prefix(name))
}

#[cfg(test)]
mod tests {
    use super::{Scram, md5_password};

    /// The exchange of RFC 7677, section 3.
    #[test]
    fn a_scram_exchange_is_that_of_its_standard() {
        let mut scram = Scram {
            user: "user",
            nonce: "rOprNGfwEbeRWgbNEkqO".to_owned(),
            expected: None,
        };
        assert_eq!(scram.first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let nonce = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let server = format!("{nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
        let proof = "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        assert_eq!(
            scram.answer("pencil", &server).unwrap(),
            format!("c=biws,{nonce},{proof}")
        );
        assert!(scram.is_proof("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        assert!(!scram.is_proof("v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        assert!(!scram.is_proof("e=invalid-proof"));
        for bad in [
            "",
            "r=other,s=W22Z,i=1",
            "r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=0",
            "r=rOprNGfwEbeRWgbNEkqO,s=W22Z,i=1",
            "e=other-error",
        ] {
            assert_eq!(scram.answer("pencil", bad), None, "{bad}");
        }
    }

    #[test]
    fn an_md5_password_is_the_documented_one() {
        assert_eq!(
            md5_password("postgres", "secret", &[1, 2, 3, 4]),
            "md5bb41a296aab6baccb36ff243a562abff"
        );
    }
}
