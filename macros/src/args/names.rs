//! The names of arguments: the known ones, their counterparts in other tools, and suggestions.

use syn::Ident;
use syn::ext::IdentExt;

use super::{ARGUMENTS, Row};
use crate::errors::{alike, expected};

/// Names from other tools, with the message for each.
#[rustfmt::skip] // One line each, so that the columns can be read.
const OTHER_SPELLINGS: [(&[&str], &str); 24] = [
    (&["tempdir", "temp_dir", "tmp_dir", "tmp", "temp", "temp_path"], "the temporary directory is called `tmpdir`"),
    (&["ports"], "several ports are written `port(count = n)`"),
    (&["tcp", "udp"], "a free port is written `port`, `port(udp)` or `port(tcp, udp)`"),
    (&["parallel", "reader", "read"], "a lock that others may share is called `shared`"),
    (&["file_serial", "serial_test", "sequential", "key", "keys", "lock", "locks", "mutex", "write"], "an exclusive lock is called `serial`: `serial = \"...\"`"),
    (&["file_parallel", "rwlock"], "a lock that others may share is called `shared`: `shared = \"...\"`"),
    (&["exclusive", "solo", "single"], "an exclusive lock is called `serial`; no other isolated test at the same time is called `alone`"),
    (&["semaphore", "max", "max_threads", "permits"], "a limit on holders is written `limit(\"...\", 4)`"),
    (&["one_of", "any_of", "choose", "pick"], "one of several shared things is an item of a `pool`: `device = pool(\"...\", [\"a\", \"b\"])`"),
    (&["rng", "random", "rand"], "a reproducible source of randomness is called `seed`"),
    (&["unique", "unique_id", "uuid", "id", "prefix", "name"], "a unique identifier is called `namespace`"),
    (&["dir", "directory"], "the temporary directory is called `tmpdir`, the working directory `cwd`"),
    (&["fork", "forked", "subprocess", "child", "isolate", "separate_process"], "a process of its own is called `process`"),
    (&["environment", "env_vars", "vars", "variables", "set_env", "with_env"], "variables of the environment are called `env`: `env(NAME = ...)`"),
    (&["chdir", "current_dir", "pwd", "workdir", "work_dir", "working_dir", "working_directory"], "the working directory is called `cwd`"),
    (&["time_limit", "max_time", "max_duration", "deadline", "within"], "the time that a test may take is called `timeout`: `timeout = \"30s\"`"),
    (&["net", "netns", "network_namespace", "offline"], "a network of its own is called `network`"),
    (&["retry", "retried", "rerun", "reruns", "attempts", "tries", "max_retries"], "running a failed test again is called `retries`: `retries = 3`"),
    (&["xfail", "known_failure", "expected_failure", "allow_failure", "may_fail", "broken"], "a failure that does not count is called `quarantine`: `quarantine = \"reason or link\"`"),
    (&["flaky", "flake"], "running a failed test again is called `retries`: `retries = 3`; a failure that does not count, `quarantine`: `quarantine = \"reason or link\"`"),
    (&["path", "package", "krate"], "the path of this crate is written `crate = path`"),
    (&["ignore", "ignored", "skip"], "a test that does not run by default has an attribute for it; write `#[ignore = \"why\"]` above the function"),
    (&["should_panic", "panics", "panic"], "a test that expects a panic has an attribute for it; write `#[should_panic]` above the function"),
    (&["test", "test_attr", "harness"], "an unknown test attribute is admitted by `test_attribute`"),
];

pub(crate) fn find(name: &Ident) -> Option<&'static Row> {
    ARGUMENTS.iter().find(|row| name == row.name)
}

/// The names that messages list, which excludes hidden arguments and those that need another name.
pub(super) fn names() -> impl Iterator<Item = &'static str> + Clone {
    ARGUMENTS
        .iter()
        .filter(|row| !row.is_hidden() && !row.needs_name())
        .map(|row| row.name)
}

fn resources() -> impl Iterator<Item = &'static str> + Clone {
    ARGUMENTS
        .iter()
        .filter(|row| row.is_resource)
        .map(|row| row.name)
}

pub(super) fn other_spelling(name: &Ident) -> Option<&'static str> {
    OTHER_SPELLINGS
        .iter()
        .find(|(words, _)| words.iter().any(|word| name == word))
        .map(|(_, hint)| *hint)
}

pub(super) fn starts_like_a_type(name: &Ident) -> bool {
    name.to_string().starts_with(char::is_uppercase)
}

pub(super) fn suggested_name(word: &Ident) -> String {
    if starts_like_a_type(word) {
        word.unraw().to_string().to_lowercase()
    } else {
        "name".to_owned()
    }
}

/// The message for a word that is almost the name of a resource, or that another tool uses for one.
pub(super) fn resource_meant_by(word: &Ident) -> Option<String> {
    let is_of_a_resource =
        |hint: &&str| resources().any(|known| hint.contains(&format!("`{known}")));
    if let Some(hint) = other_spelling(word).filter(is_of_a_resource) {
        return Some(hint.to_owned());
    }
    let written = word.to_string();
    let is_typo = resources().any(|known| alike(&written, known));
    is_typo.then(|| {
        let expected = expected("resource", &written, resources());
        format!("unknown resource `{written}`; {expected}")
    })
}
