//! Ends sessions, and waits for that.

use std::thread;
use std::time::Duration;

use isolated_test_postgres_wire::{Failure, Row, name};

use super::databases::end_sessions;
use super::sessions::Sessions;

/// The longest pause before a look whether a session has ended.
const MOST_PAUSE: Duration = Duration::from_secs(1);

/// Ends sessions until there are none, or nobody waits for that any more. `end` returns a row for each.
pub(super) fn until_ended(
    mut end: impl FnMut() -> Result<Vec<Row>, Failure>,
    is_awaited: impl Fn() -> bool,
) -> Result<(), Failure> {
    let mut pause = Duration::from_millis(1);
    // A session that ends is not reported. One that does not end so soon is stuck.
    while !end()?.is_empty() && pause <= MOST_PAUSE && is_awaited() {
        thread::sleep(pause);
        pause *= 2;
    }
    Ok(())
}

/// Renames a database after its last session has ended, so that no other one begins. `options` are set too.
pub(super) fn close(
    sessions: &Sessions,
    database: &str,
    renamed: &str,
    options: &str,
) -> Result<(), Failure> {
    let (from, to) = (name(database), name(renamed));
    sessions.run(&format!(
        "ALTER DATABASE {from} WITH ALLOW_CONNECTIONS false{options}"
    ))?;
    // The server waits up to 5 seconds for those that are left before it renames the database.
    until_ended(|| sessions.run(&end_sessions(database)), || true)?;
    sessions
        .run(&format!("ALTER DATABASE {from} RENAME TO {to}"))
        .map(drop)
}
