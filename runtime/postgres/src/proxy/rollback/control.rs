//! Statements that begin and end transactions, and what they become within one that is rolled back.
//!
//! A savepoint stands for the last commit. COMMIT moves it, and ROLLBACK returns to it. This module does no
//! input or output.

use super::expected::Reply;
use crate::statements;

/// A statement that does not reach the server as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Control {
    Begin(&'static str),
    /// With `AND CHAIN`, the next transaction begins at once.
    Commit {
        and_chain: bool,
    },
    Rollback {
        and_chain: bool,
    },
    /// Isolation and access mode, which only a whole transaction has.
    SetTransaction,
    DiscardAll,
    DeallocateAll,
    /// A statement by its name, which may be that of a client's prepared statement.
    Deallocate(String),
    /// It would end the transaction of the test, or never have an effect.
    Refuse(&'static str),
}

/// The statements in place of another one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Translated {
    pub(super) steps: Vec<String>,
    /// The answer to the client when the last of them is complete. `None`: that of the server.
    pub(super) tag: Option<&'static str>,
    /// Whether the client is within a transaction afterwards, if that changes.
    pub(super) is_within: Option<bool>,
}

/// Moves the savepoint of the last commit.
pub(super) const COMMIT: [&str; 2] = [
    "RELEASE SAVEPOINT isolated_test_commit",
    "SAVEPOINT isolated_test_commit",
];

/// Returns to the last commit. The server accepts it in a failed transaction too.
pub(super) const ROLLBACK: &str = "ROLLBACK TO SAVEPOINT isolated_test_commit";

/// Creates the savepoint.
pub(super) const BEGIN: &str = "BEGIN; SAVEPOINT isolated_test_commit";

/// The other effects of COMMIT: it checks deferred constraints, which stay deferred here, and closes cursors.
const CHECK: [&str; 4] = [
    "SAVEPOINT isolated_test_check",
    "SET CONSTRAINTS ALL IMMEDIATE",
    "ROLLBACK TO SAVEPOINT isolated_test_check",
    "CLOSE ALL",
];

/// A statement without an effect, which fails in a failed transaction as BEGIN does.
const NOTHING: &str = "SET LOCAL isolated_test.nothing = ''";

impl Control {
    /// Recognises a statement.
    pub(super) fn of(statement: &str) -> Option<Self> {
        let words: Vec<String> = statements::words(statement)
            .take(8)
            .map(str::to_ascii_uppercase)
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let and_chain = words.windows(2).any(|two| two == ["AND", "CHAIN"]);
        Some(match *words {
            ["BEGIN", ..] => Control::Begin("BEGIN"),
            ["START", "TRANSACTION", ..] => Control::Begin("START TRANSACTION"),
            ["COMMIT" | "ROLLBACK", "PREPARED", ..] => return None,
            ["COMMIT" | "END", ..] => Control::Commit { and_chain },
            ["ROLLBACK" | "ABORT", ..] if words.contains(&"TO") => return None,
            ["ROLLBACK" | "ABORT", ..] => Control::Rollback { and_chain },
            ["SET", "TRANSACTION", ..] => Control::SetTransaction,
            ["PREPARE", "TRANSACTION", ..] => Control::Refuse("PREPARE TRANSACTION"),
            ["LISTEN", ..] => Control::Refuse("LISTEN"),
            ["DISCARD", "ALL", ..] => Control::DiscardAll,
            ["DEALLOCATE", "ALL"] | ["DEALLOCATE", "PREPARE", "ALL"] => Control::DeallocateAll,
            ["DEALLOCATE", .., _] => {
                Control::Deallocate(unquoted(statements::words(statement).last()?))
            }
            _ => return None,
        })
    }

    /// The steps that stand for it. `has_failed`: an error has ended the transaction of the client.
    pub(super) fn translate(&self, has_failed: bool) -> Translated {
        let steps = |steps: &[&str]| steps.iter().map(|step| (*step).to_owned()).collect();
        let translated = |list: &[&str], tag, is_within| Translated {
            steps: steps(list),
            tag: Some(tag),
            is_within,
        };
        match self {
            Control::Begin(tag) => translated(&[NOTHING], tag, Some(true)),
            Control::Commit { and_chain } if !has_failed => {
                let all = [&CHECK[..], &COMMIT].concat();
                translated(&all, "COMMIT", Some(*and_chain))
            }
            Control::Commit { and_chain } | Control::Rollback { and_chain } => {
                translated(&[ROLLBACK], "ROLLBACK", Some(*and_chain))
            }
            Control::SetTransaction => translated(&[NOTHING], "SET", None),
            Control::DiscardAll => {
                let all = [
                    "CLOSE ALL",
                    "SET SESSION AUTHORIZATION DEFAULT",
                    "RESET ALL",
                ];
                translated(&all, "DISCARD ALL", None)
            }
            Control::DeallocateAll => translated(&[NOTHING], "DEALLOCATE ALL", None),
            Control::Deallocate(_) => translated(&[NOTHING], "DEALLOCATE", None),
            Control::Refuse(what) => Translated {
                steps: vec![refusal(what)],
                tag: None,
                is_within: None,
            },
        }
    }
}

/// Whether a transaction that has failed is over, or goes on, when this statement is complete.
pub(super) fn recovers(statement: &str) -> bool {
    let first = statements::words(statement).next().unwrap_or_default();
    ["COMMIT", "END", "ROLLBACK", "ABORT"]
        .iter()
        .any(|word| first.eq_ignore_ascii_case(word))
}

impl Translated {
    /// The part of the answer to the step with this index that the client gets.
    pub(super) fn reply(&self, index: usize) -> Reply {
        match self.tag {
            _ if index + 1 < self.steps.len() => match self.is_within {
                Some(_) => Reply::Ending,
                None => Reply::Nothing,
            },
            Some(tag) => Reply::Completed(tag, self.is_within),
            None => Reply::Client,
        }
    }
}

/// A statement that fails with the reason, so that the server treats it as any other error.
fn refusal(what: &str) -> String {
    format!(
        "DO $isolated_test$BEGIN RAISE EXCEPTION USING ERRCODE = '0A000', MESSAGE = \
         '{what} has no effect in a test whose transaction is rolled back', HINT = '{HINT}'; \
         END$isolated_test$"
    )
}

/// The way out, for all errors that a database of the test's own would not cause.
pub(super) const HINT: &str = "give the test a database of its own: leave out `.transaction()`";

/// The name that an identifier means.
fn unquoted(identifier: &str) -> String {
    match identifier
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        Some(inner) => inner.replace("\"\"", "\""),
        None => identifier.to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::{COMMIT, Control, NOTHING, ROLLBACK};

    #[test]
    fn statements_are_recognised_behind_comments_and_in_any_case() {
        let (chain, plain) = (true, false);
        let commit = |and_chain| Some(Control::Commit { and_chain });
        let rollback = |and_chain| Some(Control::Rollback { and_chain });
        for (sql, expected) in [
            ("-- x\n/* y */ begin", Some(Control::Begin("BEGIN"))),
            (
                "BEGIN ISOLATION LEVEL SERIALIZABLE",
                Some(Control::Begin("BEGIN")),
            ),
            (
                "start transaction read only",
                Some(Control::Begin("START TRANSACTION")),
            ),
            ("COMMIT", commit(plain)),
            ("end work and chain", commit(chain)),
            ("COMMIT AND NO CHAIN", commit(plain)),
            ("ROLLBACK", rollback(plain)),
            ("abort transaction AND CHAIN", rollback(chain)),
            ("ROLLBACK TO x", None),
            ("ROLLBACK TRANSACTION TO SAVEPOINT x", None),
            ("COMMIT PREPARED 'x'", None),
            ("SAVEPOINT x", None),
            ("SET TRANSACTION READ ONLY", Some(Control::SetTransaction)),
            ("SET search_path = a", None),
            (
                "PREPARE TRANSACTION 'x'",
                Some(Control::Refuse("PREPARE TRANSACTION")),
            ),
            ("PREPARE x AS SELECT 1", None),
            ("LISTEN x", Some(Control::Refuse("LISTEN"))),
            ("DISCARD ALL", Some(Control::DiscardAll)),
            ("DISCARD TEMP", None),
            ("DEALLOCATE ALL", Some(Control::DeallocateAll)),
            (
                "DEALLOCATE PREPARE S1",
                Some(Control::Deallocate("s1".into())),
            ),
            (
                "deallocate \"S\"\"1\"",
                Some(Control::Deallocate("S\"1".into())),
            ),
            ("SELECT 'COMMIT'", None),
            ("", None),
        ] {
            assert_eq!(Control::of(sql), expected, "{sql}");
        }
    }

    #[test]
    fn a_commit_moves_the_savepoint_unless_the_transaction_has_failed() {
        let commit = Control::Commit { and_chain: false };
        let good = commit.translate(false);
        assert!(good.steps.ends_with(&COMMIT.map(str::to_owned)), "{good:?}");
        assert_eq!((good.tag, good.is_within), (Some("COMMIT"), Some(false)));
        let bad = commit.translate(true);
        assert_eq!(
            (&*bad.steps, bad.tag),
            (&[ROLLBACK.to_owned()][..], Some("ROLLBACK"))
        );
        let begun = Control::Begin("BEGIN").translate(false);
        assert_eq!(
            (&*begun.steps, begun.is_within),
            (&[NOTHING.to_owned()][..], Some(true))
        );
    }
}
