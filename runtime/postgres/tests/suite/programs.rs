//! Programs of PostgreSQL that behave otherwise.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use isolated_test_tests::State;

use crate::asking::{Servers, ask};

/// Runs the program as it is.
pub(crate) const EXEC: &str = r#"exec "$real" "$@""#;

/// Writes scripts around `postgres` and `initdb`, which find the program in `$real`. Returns their
/// directory, for `ISOLATED_POSTGRES_BIN`.
pub(crate) fn programs(state: &State, postgres: &str, initdb: &str) -> PathBuf {
    let mut user = state.user_of_empty().start();
    let sql = "SELECT setting FROM pg_config() WHERE name = 'BINDIR'";
    let real = PathBuf::from(ask(&user.hear("url"), sql));
    user.release();
    let dir = state.scratch();
    // As root, the server is another user.
    for path in [state.path(), &dir] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    for (name, script) in [("postgres", postgres), ("initdb", initdb)] {
        let program = dir.join(name);
        let text = format!(
            "#!/bin/sh\nreal='{}'\n{script}\n",
            real.join(name).display()
        );
        fs::write(&program, text).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }
    dir
}
