//! Classifies the collision behind a failed test by its output.

/// The kinds of collision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    AddressInUse,
    WrongServer,
    FileClobbered,
    DatabaseLocked,
    LostUpdate,
    LimitExceeded,
    /// Variables, the working directory and the umask.
    Surroundings,
    Static,
    LeftBehind,
    /// Recognised by how the process ended, not by its output.
    ProcessEnded,
    Hung,
    Other,
}

impl Kind {
    /// All kinds, in the order of the table.
    pub(crate) const ALL: [Self; 12] = [
        Self::AddressInUse,
        Self::WrongServer,
        Self::FileClobbered,
        Self::DatabaseLocked,
        Self::LostUpdate,
        Self::LimitExceeded,
        Self::Surroundings,
        Self::Static,
        Self::LeftBehind,
        Self::ProcessEnded,
        Self::Hung,
        Self::Other,
    ];

    /// The kind of the first sign in `output`.
    pub(crate) fn of(output: &str) -> Self {
        let seen = |signs: &&(Self, &[&str])| signs.1.iter().any(|sign| output.contains(sign));
        SIGNS
            .iter()
            .find(seen)
            .map_or(Self::Other, |(kind, _)| *kind)
    }

    /// The label in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AddressInUse => "address in use",
            Self::WrongServer => "wrong or vanished server",
            Self::FileClobbered => "file, table or topic clobbered",
            Self::DatabaseLocked => "database locked",
            Self::LostUpdate => "lost update",
            Self::LimitExceeded => "limit exceeded",
            Self::Surroundings => "variable, directory or umask",
            Self::Static => "static of the program",
            Self::LeftBehind => "met what was left behind",
            Self::ProcessEnded => "no result, process ended",
            Self::Hung => "no result, process hung",
            Self::Other => "other",
        }
    }
}

/// Signs of each kind, in order of precedence. A test whose server failed to start in the
/// background prints that error too, but the test failed because another server answered.
const SIGNS: &[(Kind, &[&str])] = &[
    (Kind::LimitExceeded, &["no licence left"]),
    (
        Kind::Surroundings,
        &[
            "not of this environment",
            "not of this directory",
            "not of this umask",
        ],
    ),
    (Kind::Static, &["somebody else uses the log"]),
    (
        Kind::LeftBehind,
        &[
            "a courier is on the way already",
            "left on by somebody else",
        ],
    ),
    (Kind::LostUpdate, &["the counter was changed meanwhile"]),
    (
        Kind::DatabaseLocked,
        &["database is locked", "database table is locked"],
    ),
    (
        Kind::FileClobbered,
        &[
            "clobbered",
            "AlreadyExists",
            "DirectoryNotEmpty",
            "NotFound",
            "PermissionDenied",
            "already exists",
            "disk I/O error",
            "exists already",
            "incomplete price list",
            "ParseIntError",
            "UnequalLengths",
            "EOF while parsing",
            "no such table",
            "not in the listing",
            "readonly database",
            "unable to open database file",
        ],
    ),
    (
        Kind::WrongServer,
        &[
            "unexpected answer",
            "no server on",
            "ConnectionAborted",
            "ConnectionRefused",
            "ConnectionReset",
            "TimedOut",
            "Peer disconnected",
            "timeout:",
        ],
    ),
    (Kind::AddressInUse, &["AddrInUse"]),
];

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn an_error_of_the_system_is_recognised() {
        let error = "Error: Os { code: 98, kind: AddrInUse, message: \"Address already in use\" }";
        assert_eq!(Kind::of(error), Kind::AddressInUse);
    }

    #[test]
    fn the_wrong_answer_counts_for_more_than_the_bind_that_failed_before() {
        let output = "called `Result::unwrap()` on an `Err` value: kind: AddrInUse\n\
                      assertion `left == right` failed: unexpected answer";
        assert_eq!(Kind::of(output), Kind::WrongServer);
    }

    #[test]
    fn a_daemon_of_somebody_else_is_more_than_an_error() {
        let error = r#"Error: Custom { kind: Other, error: "a courier is on the way already: 7" }"#;
        assert_eq!(Kind::of(error), Kind::LeftBehind);
    }

    #[test]
    fn anything_else_is_other() {
        assert_eq!(Kind::of("assertion failed: 1 == 2"), Kind::Other);
    }
}
