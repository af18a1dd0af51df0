//! Waits for the end of sessions.

use std::thread;
use std::time::Duration;

use isolated_test_postgres_wire::{Failure, Row};

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
