//! The first message of a client, and errors for clients.

use std::io::{self, Read, Write};

use isolated_test_postgres_wire::framed;

/// The wish of a client.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Startup {
    /// A connection.
    Connect {
        /// The version of the protocol.
        protocol: [u8; 4],
        /// The names and values of the parameters, among them `user` and maybe `database`.
        parameters: Vec<(String, String)>,
    },
    /// That the server ends a statement. The whole message, for the server.
    Cancel(Vec<u8>),
}

/// The newest version of the protocol that is spoken here: 3.0.
const PROTOCOL: [u8; 4] = [0, 3, 0, 0];

const CANCEL: u32 = 80_877_102;
const ENCRYPT_BY_TLS: u32 = 80_877_103;
const ENCRYPT_BY_GSSAPI: u32 = 80_877_104;

/// The longest message that a server accepts here.
const LONGEST: usize = 10_000;

impl Startup {
    /// Reads the message. Refuses encryption, as a server without certificates does.
    pub(super) fn read(client: &mut (impl Read + Write)) -> io::Result<Self> {
        loop {
            let mut head = [0; 4];
            client.read_exact(&mut head)?;
            let length = u32::from_be_bytes(head) as usize;
            if !(8..=LONGEST).contains(&length) {
                return Err(garbled());
            }
            let mut body = vec![0; length - 4];
            client.read_exact(&mut body)?;
            let (code, rest) = body.split_first_chunk::<4>().ok_or_else(garbled)?;
            match u32::from_be_bytes(*code) {
                ENCRYPT_BY_TLS | ENCRYPT_BY_GSSAPI => client.write_all(b"N")?,
                CANCEL => return Ok(Startup::Cancel([&head[..], &body].concat())),
                _ if code[..2] == [0, 3] => {
                    return Ok(Startup::Connect {
                        protocol: *code,
                        parameters: parameters(rest)?,
                    });
                }
                _ => return Err(garbled()),
            }
        }
    }
}

fn parameters(bytes: &[u8]) -> io::Result<Vec<(String, String)>> {
    let mut words = bytes.split(|byte| *byte == 0).map(<[u8]>::to_vec);
    let mut parameters = Vec::new();
    loop {
        let word = |word: Option<_>| String::from_utf8(word?).ok();
        let name = word(words.next()).ok_or_else(garbled)?;
        if name.is_empty() {
            return Ok(parameters);
        }
        let value = word(words.next()).ok_or_else(garbled)?;
        parameters.push((name, value));
    }
}

/// The message of a client that asks a server to cancel a statement.
pub(super) fn cancellation(key: &[u8]) -> Vec<u8> {
    let length = u32::try_from(key.len() + 8).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), &CANCEL.to_be_bytes(), key].concat()
}

/// The message that refuses a newer version of the protocol, with no option of it; nothing if that is not
/// needed.
pub(super) fn negotiated(protocol: [u8; 4]) -> Vec<u8> {
    if protocol == PROTOCOL {
        return Vec::new();
    }
    framed(b'v', &[&PROTOCOL[..], &[0; 4]].concat())
}

/// The settings of the session that the parameters ask for, with their values.
pub(super) fn settings(parameters: &[(String, String)]) -> Vec<(String, String)> {
    let mut settings = Vec::new();
    for (name, value) in parameters {
        match &**name {
            "options" => settings.extend(options(value)),
            "user" | "database" | "replication" => {}
            name if name.starts_with("_pq_.") => {}
            name => settings.push((name.to_owned(), value.clone())),
        }
    }
    settings
}

/// The settings in options as for the command line: `-c name=value --name=value`.
fn options(text: &str) -> Vec<(String, String)> {
    let mut words = vec![String::new()];
    let mut rest = text.chars();
    while let Some(one) = rest.next() {
        match one {
            '\\' => words.last_mut().expect("there is one").extend(rest.next()),
            one if one.is_whitespace() => words.push(String::new()),
            one => words.last_mut().expect("there is one").push(one),
        }
    }
    let settings = words.iter().filter_map(|word| {
        let word = word
            .strip_prefix("--")
            .or(word.strip_prefix("-c"))
            .unwrap_or(word);
        let (name, value) = word.split_once('=')?;
        Some((name.replace('-', "_"), value.to_owned()))
    });
    settings.collect()
}

fn garbled() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "the client does not speak version 3 of PostgreSQL's protocol",
    )
}

/// An error that ends the connection, as a message for the client.
pub(super) fn fatal(code: &str, text: &str) -> Vec<u8> {
    let fields = [('S', "FATAL"), ('V', "FATAL"), ('C', code), ('M', text)];
    let mut body: Vec<u8> = Vec::new();
    for (kind, text) in fields {
        body.extend(format!("{kind}{text}\0").bytes());
    }
    body.push(0);
    framed(b'E', &body)
}

#[cfg(test)]
mod tests {
    use std::io::{self, Cursor, Read, Write};

    use super::Startup;

    /// The bytes that a client sends, and the answer.
    struct Client(Cursor<Vec<u8>>, Vec<u8>);

    impl Read for Client {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }

    impl Write for Client {
        fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
            self.1.write(buffer)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn message(code: u32, rest: &[u8]) -> Vec<u8> {
        let length = u32::try_from(rest.len() + 8).unwrap();
        [&length.to_be_bytes(), &code.to_be_bytes(), rest].concat()
    }

    fn read(bytes: Vec<u8>) -> (io::Result<Startup>, Vec<u8>) {
        let mut client = Client(Cursor::new(bytes), Vec::new());
        let startup = Startup::read(&mut client);
        (startup, client.1)
    }

    #[test]
    fn encryption_is_refused_and_parameters_are_read() {
        let tls = message(super::ENCRYPT_BY_TLS, b"");
        let gssapi = message(super::ENCRYPT_BY_GSSAPI, b"");
        let start = message(196_608, b"user\0me\0database\0shop\0options\0\0\0");
        let (startup, answer) = read([gssapi, tls, start].concat());
        assert_eq!(answer, b"NN");
        let pairs = [("user", "me"), ("database", "shop"), ("options", "")];
        let parameters = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(
            startup.unwrap(),
            Startup::Connect {
                protocol: [0, 3, 0, 0],
                parameters: parameters.to_vec(),
            }
        );
    }

    #[test]
    fn a_request_to_cancel_is_kept_as_it_is() {
        let cancel = message(super::CANCEL, &[1; 8]);
        assert_eq!(read(cancel.clone()).0.unwrap(), Startup::Cancel(cancel));
    }

    #[test]
    fn settings_are_read_from_parameters_and_options() {
        let options = r"-c search_path=a,\ b --statement-timeout=5s  -cextra_float_digits=3";
        let parameters = [
            ("user", "me"),
            ("database", "shop"),
            ("TimeZone", "UTC"),
            ("options", options),
            ("_pq_.x", "y"),
        ];
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let expected = [
            ("TimeZone", "UTC"),
            ("search_path", "a, b"),
            ("statement_timeout", "5s"),
            ("extra_float_digits", "3"),
        ];
        assert_eq!(super::settings(&parameters.map(owned)), expected.map(owned));
    }

    #[test]
    fn others_are_refused() {
        let half = message(196_608, b"user\0me");
        let old = message(131_072, b"user\0me\0\0");
        let http = b"GET / HTTP/1.1\r\n\r\n".to_vec();
        for bytes in [half, old, http, Vec::new()] {
            assert!(read(bytes.clone()).0.is_err(), "{bytes:?}");
        }
    }
}
