//! How many connections of the server this host may use, and how many it leaves to each test.

use isolated_test_postgres_wire::{Connection, Failure};

/// How many connections each test may open. A pool usually opens no more.
pub(super) const EACH: usize = 5;

/// The shares of a server's connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    /// All that the server has for roles without privileges.
    pub(super) of_server: usize,
    /// Sessions of the host that run one statement each.
    pub(super) pool: usize,
    /// Sessions of the host that each guard a template while a test builds it.
    pub(super) builders: usize,
    /// The most tests that have databases at the same time.
    pub(super) tests: usize,
}

impl Bounds {
    /// Divides the connections. At least one test has a database, however few there are.
    fn new(of_server: usize, of_role: usize) -> Self {
        let usable = of_server.min(of_role);
        let (pool, builders) = ((usable / 8).clamp(1, 12), (usable / 50).clamp(1, 4));
        let mut bounds = Bounds {
            of_server,
            pool,
            builders,
            tests: 0,
        };
        bounds.tests = (usable.saturating_sub(bounds.own()) / EACH).max(1);
        bounds
    }

    /// Asks the server.
    pub(super) fn ask(connection: &mut Connection) -> Result<Self, Failure> {
        // The last name exists since version 16.
        let rows = connection.run(
            "SELECT current_setting('max_connections')::int \
             - current_setting('superuser_reserved_connections')::int \
             - coalesce(current_setting('reserved_connections', true), '0')::int, rolconnlimit \
             FROM pg_roles WHERE rolname = current_user",
        )?;
        let number = |column: usize| rows.first()?.get(column)?.as_ref()?.parse().ok();
        let of_server: usize = number(0).unwrap_or(0);
        // A role without a limit has -1.
        let of_role = number(1).unwrap_or(of_server);
        Ok(Self::new(of_server, of_role))
    }

    /// All sessions of the host: with the one that holds its locks.
    pub(super) fn own(self) -> usize {
        self.pool + self.builders + 1
    }
}

#[cfg(test)]
mod tests {
    use super::{Bounds, EACH};

    #[test]
    fn a_share_is_left_to_tests() {
        for (of_server, of_role, pool, builders, tests) in [
            (497, 497, 12, 4, 96),
            (97, 97, 12, 1, 16),
            (97, 20, 2, 1, 3),
            (17, 17, 2, 1, 2),
            (2, 2, 1, 1, 1),
            (0, 0, 1, 1, 1),
        ] {
            let bounds = Bounds::new(of_server, of_role);
            let expected = (pool, builders, tests);
            assert_eq!((bounds.pool, bounds.builders, bounds.tests), expected);
            assert!(tests == 1 || bounds.own() + tests * EACH <= of_server.min(of_role));
        }
    }
}
