//! The option `--with`: a server that each test gets.

use std::str::FromStr;

/// `postgres`, `postgres:16`, `postgres=URL` or `postgres:16=URL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct With {
    /// The major version.
    pub(crate) version: Option<u32>,
    pub(crate) url: Option<String>,
}

impl FromStr for With {
    type Err = String;

    fn from_str(text: &str) -> Result<With, String> {
        let (server, url) = match text.split_once('=') {
            Some((server, url)) => (server, Some(url.to_owned())),
            None => (text, None),
        };
        let (name, version) = match server.split_once(':') {
            Some((name, version)) => (name, Some(version)),
            None => (server, None),
        };
        let version = match (name, version.map(str::parse)) {
            ("postgres", None) => None,
            ("postgres", Some(Ok(version))) => Some(version),
            _ => {
                return Err(
                    "expected `postgres`, `postgres:16`, or `postgres=postgres://role@localhost/database`"
                        .to_owned(),
                );
            }
        };
        Ok(With { version, url })
    }
}

#[cfg(test)]
mod tests {
    use super::With;

    #[test]
    fn a_server_may_have_a_version_and_a_url() {
        let url = "postgres://a:b@localhost:1/d?x=y";
        for (text, version, url) in [
            ("postgres", None, None),
            ("postgres:16", Some(16), None),
            (&format!("postgres={url}"), None, Some(url)),
            (&format!("postgres:16={url}"), Some(16), Some(url)),
        ] {
            let url = url.map(str::to_owned);
            assert_eq!(text.parse(), Ok(With { version, url }), "{text}");
        }
        for text in ["mysql", "postgres:x", "postgres:", "", "postgres://a@b/c"] {
            assert!(text.parse::<With>().is_err(), "{text}");
        }
    }
}
