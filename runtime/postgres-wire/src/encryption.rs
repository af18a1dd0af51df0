//! Whether a connection over TCP is encrypted: what `sslmode` and `sslrootcert` in a URL say, with the
//! meaning that they have for libpq.

use std::path::PathBuf;

/// The encryption that a URL asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Encryption {
    pub(crate) mode: Mode,
    /// The file with the certificates that are trusted.
    pub(crate) roots: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// One way to connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Plain,
    /// Encrypted if the server can do that.
    IfOffered,
    Encrypted,
}

impl Encryption {
    /// Reads the parameters of a URL.
    pub(crate) fn of(parameters: &[(String, String)]) -> Result<Self, String> {
        let find = |name: &str| {
            let mut all = parameters.iter().rev();
            let (_, value) = all.find(|(other, _)| other == name)?;
            Some(value.as_str()).filter(|value| !value.is_empty())
        };
        let mode = match find("sslmode") {
            None | Some("prefer") => Mode::Prefer,
            Some("disable") => Mode::Disable,
            Some("allow") => Mode::Allow,
            Some("require") => Mode::Require,
            Some("verify-ca") => Mode::VerifyCa,
            Some("verify-full") => Mode::VerifyFull,
            Some(other) => {
                return Err(format!(
                    "unknown `sslmode={other}`; expected one of `disable`, `allow`, `prefer`, `require`, \
                     `verify-ca`, `verify-full`"
                ));
            }
        };
        let roots = find("sslrootcert");
        if roots == Some("system") {
            return Err(
                "`sslrootcert=system` is not supported; write the path of the certificates, such as \
                 `/etc/ssl/certs/ca-certificates.crt`"
                    .to_owned(),
            );
        }
        if mode >= Mode::Require && !cfg!(feature = "tls") {
            let name = find("sslmode").unwrap_or_default();
            return Err(format!(
                "`sslmode={name}` needs the feature `tls` of `isolated-test-postgres`, or `machines-tls` of \
                 `isolated-test`; enable it, or write `sslmode=disable`"
            ));
        }
        Ok(Encryption {
            mode,
            roots: roots.map(PathBuf::from),
        })
    }

    /// The ways to connect, to be tried in this order.
    pub(crate) fn ways(&self) -> &'static [Way] {
        if !cfg!(feature = "tls") {
            return &[Way::Plain];
        }
        match self.mode {
            Mode::Disable => &[Way::Plain],
            Mode::Allow => &[Way::Plain, Way::Encrypted],
            Mode::Prefer => &[Way::IfOffered, Way::Plain],
            Mode::Require | Mode::VerifyCa | Mode::VerifyFull => &[Way::Encrypted],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Encryption;

    fn why(name: &str, value: &str) -> String {
        let parameters = [(name.to_owned(), value.to_owned())];
        Encryption::of(&parameters).unwrap_err()
    }

    #[test]
    fn unsupported_parameters_are_refused_with_the_way_out() {
        assert_eq!(
            why("sslmode", "on"),
            "unknown `sslmode=on`; expected one of `disable`, `allow`, `prefer`, `require`, `verify-ca`, \
             `verify-full`"
        );
        assert_eq!(
            why("sslrootcert", "system"),
            "`sslrootcert=system` is not supported; write the path of the certificates, such as \
             `/etc/ssl/certs/ca-certificates.crt`"
        );
    }

    #[cfg(not(feature = "tls"))]
    #[test]
    fn without_the_feature_a_connection_that_must_be_encrypted_is_refused() {
        assert_eq!(
            why("sslmode", "verify-full"),
            "`sslmode=verify-full` needs the feature `tls` of `isolated-test-postgres`, or `machines-tls` of \
             `isolated-test`; enable it, or write `sslmode=disable`"
        );
    }
}
