//! Where a server is and who connects: what a URL `postgres://…` says.

use std::fmt::{self, Write};
use std::path::PathBuf;
use std::str::FromStr;

use crate::encryption::{Encryption, Mode};
use crate::percent::{self, decode};

/// The server, and the role that connects to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    /// Where the server listens.
    pub host: Host,
    /// Its port number, which is a part of the name of a Unix socket too.
    pub port: u16,
    /// The name of the role.
    pub user: String,
    /// The password of the role, if it needs one.
    pub password: Option<String>,
    /// The other parameters of the URL: for the clients of tests, and for our own connections whether they
    /// are encrypted.
    pub parameters: Vec<(String, String)>,
}

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// The directory of the Unix socket.
    Socket(PathBuf),
    /// A name or an address.
    Tcp(String),
}

/// The port of a URL that names none.
pub const PORT: u16 = 5432;

/// The parameters that name files.
const FILES: [&str; 4] = ["sslrootcert", "sslcert", "sslkey", "sslcrl"];

impl Address {
    /// The URL of a database on this server.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let mut url = "postgres://".to_owned();
        url.push_str(&encoded(&self.user));
        if let Some(password) = &self.password {
            url.push(':');
            url.push_str(&encoded(password));
        }
        url.push('@');
        match &self.host {
            Host::Socket(dir) => url.push_str(&encoded(&dir.to_string_lossy())),
            // An IPv6 address.
            Host::Tcp(name) if name.contains(':') => {
                let _ = write!(url, "[{name}]");
            }
            Host::Tcp(name) => url.push_str(&encoded(name)),
        }
        // Also the default: without a port, libpq and sqlx would take that of the variable `PGPORT`.
        let _ = write!(url, ":{}/", self.port);
        url.push_str(&encoded(database));
        for (index, (name, value)) in self.parameters.iter().enumerate() {
            url.push(if index == 0 { '?' } else { '&' });
            url.push_str(&encoded(name));
            url.push('=');
            url.push_str(&encoded(value));
        }
        url
    }

    /// Whether connections are encrypted. Those over a Unix socket never are.
    pub(crate) fn encryption(&self) -> Result<Option<Encryption>, String> {
        match self.host {
            Host::Socket(_) => Ok(None),
            Host::Tcp(_) => Encryption::of(&self.parameters).map(Some),
        }
    }

    /// Whether no byte may be sent without encryption.
    #[must_use]
    pub fn must_encrypt(&self) -> bool {
        match self.encryption() {
            Ok(Some(encryption)) => encryption.mode >= Mode::Require,
            Ok(None) => false,
            Err(_) => true,
        }
    }

    /// Whether the server is reached by the network.
    #[must_use]
    pub fn is_in_network(&self) -> bool {
        matches!(self.host, Host::Tcp(_))
    }

    /// Reads a URL. Returns the database too, if the URL names one.
    ///
    /// # Errors
    ///
    /// The reason why it is no usable URL.
    pub fn parse(url: &str) -> Result<(Self, Option<String>), String> {
        let rest = ["postgres://", "postgresql://"]
            .into_iter()
            .find_map(|scheme| url.strip_prefix(scheme))
            .ok_or("it does not begin with `postgres://`")?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (who, place) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = match who.split_once(':') {
            Some((user, password)) => (user, Some(decode(password)?)),
            None => (who, None),
        };
        let (host, port) = match place
            .strip_prefix('[')
            .and_then(|rest| rest.split_once(']'))
        {
            Some((host, rest)) => (host, rest.strip_prefix(':')),
            None => place
                .split_once(':')
                .map_or((place, None), |(host, port)| (host, Some(port))),
        };
        let mut host = decode(host)?;
        let mut port = port.map(str::to_owned);
        let mut user = decode(user)?;
        let mut password = password;
        let mut parameters = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value)?;
            match name {
                "host" => host = value,
                "port" => port = Some(value),
                "user" => user = value,
                "password" => password = Some(value),
                // Tests may have another working directory.
                name if FILES.contains(&name) && !["", "system"].contains(&&*value) => {
                    let path = std::path::absolute(value).ok();
                    let path = path.and_then(|path| path.into_os_string().into_string().ok());
                    let path = path.ok_or_else(|| format!("the path `{name}` is not UTF-8"))?;
                    parameters.push((name.to_owned(), path));
                }
                name => parameters.push((decode(name)?, value)),
            }
        }
        let port = match port.filter(|port| !port.is_empty()) {
            Some(port) => port.parse().map_err(|_| format!("`{port}` is no port"))?,
            None => PORT,
        };
        let host = match host {
            dir if dir.starts_with('/') => Host::Socket(dir.into()),
            empty if empty.is_empty() => Host::Tcp("localhost".to_owned()),
            name => Host::Tcp(name),
        };
        if user.is_empty() {
            "postgres".clone_into(&mut user);
        }
        let database = decode(database)?;
        let address = Address {
            host,
            port,
            user,
            password,
            parameters,
        };
        address.encryption()?;
        Ok((address, Some(database).filter(|name| !name.is_empty())))
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        Address::parse(url).map(|(address, _)| address)
    }
}

/// Names the server without the password.
impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Socket(dir) => write!(formatter, "{}/.s.PGSQL.{}", dir.display(), self.port),
            Host::Tcp(name) => write!(formatter, "{name}:{}", self.port),
        }
    }
}

/// A part of a URL.
fn encoded(text: &str) -> String {
    percent::encode(text, b"-._~")
}

#[cfg(test)]
mod tests {
    use super::{Address, Host};

    #[test]
    fn urls_are_read_and_written() {
        for (url, host, port, user, password, database) in [
            (
                "postgres://u:p@h:1/d",
                Host::Tcp("h".into()),
                1,
                "u",
                Some("p"),
                Some("d"),
            ),
            (
                "postgres://me@%2Ftmp%2Fx:5432/d",
                Host::Socket("/tmp/x".into()),
                5432,
                "me",
                None,
                Some("d"),
            ),
            (
                "postgres://u:a%40%3A%2Fb@[::1]:2/d%20e",
                Host::Tcp("::1".into()),
                2,
                "u",
                Some("a@:/b"),
                Some("d e"),
            ),
        ] {
            let (address, name) = Address::parse(url).unwrap();
            let expected = Address {
                host,
                port,
                user: user.into(),
                password: password.map(Into::into),
                parameters: Vec::new(),
            };
            assert_eq!((&address, name.as_deref()), (&expected, database), "{url}");
            assert_eq!(address.url(&name.unwrap()), url);
        }
    }

    #[test]
    fn what_a_url_leaves_out_has_defaults() {
        let (address, name) = Address::parse("postgresql://").unwrap();
        assert_eq!(
            (address.url("x"), name),
            ("postgres://postgres@localhost:5432/x".to_owned(), None)
        );
        let (address, name) =
            Address::parse("postgres:///d?host=/run/pg&user=me&password=pw&port=7").unwrap();
        assert_eq!(
            address.url(&name.unwrap()),
            "postgres://me:pw@%2Frun%2Fpg:7/d"
        );
        assert_eq!(address.to_string(), "/run/pg/.s.PGSQL.7");
    }

    #[test]
    fn other_parameters_reach_the_clients_of_tests() {
        let url = "postgres://me@h/d?options=-c%20a%3D1&sslrootcert=ca.crt&sslmode=prefer";
        let (address, name) = Address::parse(url).unwrap();
        let dir = std::env::current_dir().unwrap();
        let dir = dir.to_str().unwrap().replace('/', "%2F");
        let expected = format!(
            "postgres://me@h:5432/d?options=-c%20a%3D1&sslrootcert={dir}%2Fca.crt&sslmode=prefer"
        );
        assert_eq!(address.url(&name.unwrap()), expected);
        // A Unix socket needs no encryption.
        assert!(Address::parse("postgres://%2Ftmp/d?sslmode=require").is_ok());
    }

    #[test]
    fn bad_urls_are_refused_with_the_reason() {
        for (url, why) in [
            ("mysql://h/d", "it does not begin with `postgres://`"),
            ("postgres://h:x/d", "`x` is no port"),
            ("postgres://h%2/d", "`h%2` has a `%` without two digits"),
            (
                "postgres://h/d?options=%",
                "`%` has a `%` without two digits",
            ),
        ] {
            assert_eq!(Address::parse(url).unwrap_err(), why, "{url}");
        }
    }
}
