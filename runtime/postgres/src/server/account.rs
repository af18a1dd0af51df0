//! The user as whom a server runs: PostgreSQL refuses to run as root.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// Another user than the one of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account {
    uid: u32,
    gid: u32,
}

/// The users to choose from, the best first.
const NAMES: [&str; 2] = ["postgres", "nobody"];

impl Account {
    /// The account of the server, if this process runs as root. `own` is a file of this process.
    pub(super) fn choose(own: &Path) -> io::Result<Option<Self>> {
        if fs::metadata(own)?.uid() != 0 {
            return Ok(None);
        }
        let users = fs::read_to_string("/etc/passwd")?;
        let found = NAMES.iter().find_map(|name| find(&users, name));
        found.map(Some).ok_or_else(|| {
            io::Error::other(
                "PostgreSQL does not run as root, and there is no user `postgres` or `nobody`",
            )
        })
    }

    pub(super) fn act(self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    pub(super) fn own(self, path: &Path) -> io::Result<()> {
        chown(path, Some(self.uid), Some(self.gid))
    }
}

/// An account in the text of `/etc/passwd`.
fn find(users: &str, name: &str) -> Option<Account> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let is_it = fields.next() == Some(name);
        let mut number = fields.skip(1).map(|field| field.parse().ok());
        let (uid, gid) = (number.next()??, number.next()??);
        (is_it && uid != 0).then_some(Account { uid, gid })
    })
}

#[cfg(test)]
mod tests {
    use super::{Account, find};

    #[test]
    fn accounts_are_found_by_name() {
        let users = "root:x:0:0:root:/root:/bin/sh\n#x\nbad:x\npostgres:x:101:104:,,,:/:/bin/sh\n";
        assert_eq!(
            find(users, "postgres"),
            Some(Account { uid: 101, gid: 104 })
        );
        assert_eq!(find(users, "root"), None);
        assert_eq!(find(users, "nobody"), None);
    }
}
