//! Removes databases whose host has died on a machine that has not removed them, such as a container
//! that is gone.
//!
//! Every session of a host holds a lock whose key is the beginning of the names of its databases, so a
//! host without such a lock is dead, and its last statement has ended.

use isolated_test_postgres_wire::{Connection, Failure};

use super::databases::{KEPT, MOST_KEPT, drop_one};

/// The names of databases, but templates: the namespace of a host is 26 characters.
const NAMES: &str = "^isolated_t[a-z0-9]{25}_";

/// How many characters of a name say which host it was.
const PREFIX: usize = 36;

/// Removes the databases of this role whose host is dead. Of those that are kept for people, the newest
/// stay.
pub(super) fn remove(connection: &mut Connection) -> Result<(), Failure> {
    let sql = format!(
        "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database \
         WHERE datname ~ '{NAMES}' \
             AND datdba = (SELECT oid FROM pg_roles WHERE rolname = current_user) \
             AND NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 \
                 AND objid = hashtext(left(datname, {PREFIX}))::oid) \
         ORDER BY oid DESC"
    );
    let mut kept = 0;
    for row in connection.run(&sql)? {
        let Ok([Some(database), comment]) = <[_; 2]>::try_from(row) else {
            continue;
        };
        if comment.as_deref() == Some(KEPT) {
            kept += 1;
            if kept <= MOST_KEPT {
                continue;
            }
        }
        let version = connection.version();
        drop_one(version, &database, |sql| connection.run(sql))?;
    }
    Ok(())
}
