//! The fixed address at which a test reaches its database.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// An address of the loopback interface, such as `localhost:5432`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct At {
    /// As written.
    text: String,
    /// A name has several. Each but the first may be missing on the machine.
    addresses: Vec<SocketAddr>,
}

impl FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || {
            format!(
                "expected `at` to be an address of the loopback interface, such as `localhost:5432`; found `{text}`"
            )
        };
        let (host, port) = text.rsplit_once(':').ok_or_else(expected)?;
        let port: u16 = port.parse().map_err(|_| expected())?;
        let hosts: Vec<IpAddr> = if host == "localhost" {
            vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
        } else {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            vec![host.parse().map_err(|_| expected())?]
        };
        if port == 0 || !hosts.iter().all(IpAddr::is_loopback) {
            return Err(expected());
        }
        let addresses = hosts.into_iter().map(|host| (host, port).into());
        Ok(At {
            text: text.to_owned(),
            addresses: addresses.collect(),
        })
    }
}

impl fmt::Display for At {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl At {
    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }
}

#[cfg(test)]
mod tests {
    use super::At;

    fn addresses(text: &str) -> Option<Vec<String>> {
        let at: At = text.parse().ok()?;
        Some(at.addresses.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn only_addresses_of_the_loopback_interface_are_accepted() {
        assert_eq!(
            addresses("localhost:5432").unwrap(),
            ["127.0.0.1:5432", "[::1]:5432"]
        );
        assert_eq!(addresses("127.0.0.2:1").unwrap(), ["127.0.0.2:1"]);
        assert_eq!(addresses("[::1]:65535").unwrap(), ["[::1]:65535"]);
        for bad in [
            "localhost",
            "localhost:0",
            "localhost:x",
            "db:5432",
            "0.0.0.0:5432",
            ":5432",
        ] {
            assert_eq!(addresses(bad), None, "{bad}");
        }
    }
}
