//! The beginning of a connection: the role proves its password, in plain text, by MD5, or by
//! SCRAM-SHA-256.

use std::io;

use fallible_iterator::FallibleIterator;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::backend::{Message, ParameterStatusBody};
use postgres_protocol::message::frontend;

use super::{Connection, Failure, Refusal, garbled};
use crate::address::Address;

impl Connection {
    /// Begins a session with these parameters.
    pub(super) fn log_in(
        &mut self,
        address: &Address,
        database: &str,
        parameters: &[(&str, &str)],
    ) -> Result<(), Failure> {
        let own = [("user", &*address.user), ("database", database)];
        let given = parameters.iter().copied();
        let given = given.filter(|(name, _)| !["user", "database"].contains(name));
        let words = own.into_iter().chain(given);
        self.send(|message| frontend::startup_message(words, message))?;
        let mut scram = None;
        loop {
            let message = self.receive_in_time()?.ok_or_else(|| {
                io::Error::new(io::ErrorKind::TimedOut, "the server does not answer")
            })?;
            match message {
                Message::ErrorResponse(body) => {
                    return Err(Failure::Refused(Refusal::of(&body, 0)));
                }
                Message::ParameterStatus(body) => self.learn(&body),
                Message::BackendKeyData(body) => self.process = body.process_id(),
                Message::AuthenticationOk | Message::NoticeResponse(_) => {}
                Message::ReadyForQuery(_) => return Ok(()),
                request => {
                    // Others have to prove nothing.
                    self.record.iter_mut().for_each(Vec::clear);
                    self.authenticate(address, &request, &mut scram)?;
                }
            }
        }
    }

    fn authenticate(
        &mut self,
        address: &Address,
        request: &Message,
        scram: &mut Option<ScramSha256>,
    ) -> io::Result<()> {
        let password = || {
            let why = "the server asks for a password, and the URL has none";
            let password = address.password.as_deref().map(str::as_bytes);
            password.ok_or_else(|| io::Error::other(why))
        };
        match (request, scram) {
            (Message::AuthenticationCleartextPassword, _) => {
                let password = password()?;
                self.send(|message| frontend::password_message(password, message))
            }
            (Message::AuthenticationMd5Password(body), _) => {
                let hash = md5_hash(address.user.as_bytes(), password()?, body.salt());
                self.send(|message| frontend::password_message(hash.as_bytes(), message))
            }
            (Message::AuthenticationSasl(body), scram) => {
                let mut ways = body.mechanisms();
                if !ways.any(|way| Ok(way == SCRAM_SHA_256)).map_err(garbled)? {
                    let why = "the server offers no known way to prove the password";
                    return Err(io::Error::other(why));
                }
                let scram =
                    scram.insert(ScramSha256::new(password()?, ChannelBinding::unsupported()));
                self.send(|message| {
                    frontend::sasl_initial_response(SCRAM_SHA_256, scram.message(), message)
                })
            }
            (Message::AuthenticationSaslContinue(body), Some(scram)) => {
                scram.update(body.data()).map_err(garbled)?;
                self.send(|message| frontend::sasl_response(scram.message(), message))
            }
            (Message::AuthenticationSaslFinal(body), Some(scram)) => {
                scram.finish(body.data()).map_err(|error| {
                    let why = format!("the server does not know the password itself: {error}");
                    io::Error::other(why)
                })
            }
            _ => Err(io::Error::other(
                "the server asks for a kind of authentication that is not supported; use a password",
            )),
        }
    }

    fn learn(&mut self, parameter: &ParameterStatusBody) {
        let (Ok("server_version"), Ok(text)) = (parameter.name(), parameter.value()) else {
            return;
        };
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        self.version = digits.parse().unwrap_or(0);
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixListener;
    use std::thread;

    use crate::address::{Address, Host};
    use crate::wire::Connection;

    fn authentication(kind: u32, text: &str) -> Vec<u8> {
        let length = u32::try_from(8 + text.len()).unwrap();
        let numbers = [length.to_be_bytes(), kind.to_be_bytes()].concat();
        [b"R", &*numbers, text.as_bytes()].concat()
    }

    /// A process that listens there may want the password of the test, and knows none.
    #[test]
    fn a_server_has_to_know_the_password_too() {
        let dir = std::env::temp_dir().join(format!("isolated-login-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let listener = UnixListener::bind(dir.join(".s.PGSQL.1")).unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let writer = stream.try_clone().unwrap();
            let mut hear = || {
                let mut bytes = [0; 1024];
                let length = stream.read(&mut bytes).unwrap();
                assert_ne!(length, 0);
                String::from_utf8_lossy(&bytes[..length]).into_owned()
            };
            let say = |kind, text: &str| {
                let message = authentication(kind, text);
                (&writer).write_all(&message).unwrap();
            };
            hear();
            say(10, "SCRAM-SHA-256\0\0");
            let first = hear();
            let nonce = first.split_once(",r=").unwrap().1;
            say(11, &format!("r={nonce}more,s=c2FsdA==,i=1"));
            hear();
            say(12, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
        });
        let address = Address {
            host: Host::Socket(dir.clone()),
            port: 1,
            user: "me".to_owned(),
            password: Some("secret".to_owned()),
            parameters: Vec::new(),
        };
        let refused = Connection::open(&address, "any").err().unwrap().to_string();
        assert_eq!(
            refused,
            "the server does not know the password itself: SCRAM verification error"
        );
        server.join().unwrap();
        std::fs::remove_dir_all(dir).unwrap();
    }
}
