//! Little space for data: in memory, and on the disk.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use isolated_test_tests::{Inner, State, is_root};

use crate::asking::{Servers, files};

mod inner {
    use isolated_test::isolated;
    use isolated_test_postgres::{Database, Postgres};
    use isolated_test_tests::say;

    use crate::asking::ask;

    #[isolated(db = Postgres::migrations("tests/migrations"))]
    #[test]
    #[ignore = "started by another test"]
    fn uses(db: &Database) {
        say(&format!("url {}", db.url()));
        assert_eq!(ask(db.url(), "SELECT count(*)::text FROM customers"), "0");
    }
}

/// A test that sees a file system for memory of one size, in MiB, and one for data on the disk of
/// another. Only root may mount them.
struct Small {
    state: State,
    disk: PathBuf,
    program: PathBuf,
}

impl Small {
    fn new(memory: u32, disk: u32) -> Option<Self> {
        if !is_root() {
            return None;
        }
        let state = State::new();
        let scratch = state.scratch();
        let place = scratch.join("disk");
        fs::create_dir(&place).unwrap();
        for dir in [state.path(), &scratch] {
            // The server passes as another user.
            fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let program = scratch.join("program");
        let mount =
            |size: u32, dir: &str| format!("mount -t tmpfs -o size={size}m,mode=1777 none {dir}");
        let text = format!(
            "#!/bin/sh\nexec unshare --mount sh -c '{} && {} && exec \"$0\" \"$@\"' '{}' \"$@\"\n",
            mount(memory, "/dev/shm"),
            mount(disk, &place.display().to_string()),
            std::env::current_exe().unwrap().display(),
        );
        fs::write(&program, text).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Some(Small {
            state,
            disk: place,
            program,
        })
    }

    fn user(&self) -> Inner<'_> {
        let user = self.state.inner_of(&self.program, "uses");
        let user = user.env("ISOLATED_KEEP", "never");
        user.env("TMPDIR", &self.disk)
            .env("ISOLATED_LINGER", "50ms")
    }
}

#[test]
fn data_are_on_the_disk_where_memory_is_small() {
    let Some(small) = Small::new(64, 1024) else {
        return;
    };
    let run = small.user().run().passed();
    let files = files(run.said("url").unwrap());
    assert!(files.starts_with(&small.disk), "{}", files.display());
    small.state.wait_for_the_end();
}

#[test]
fn databases_that_nobody_uses_take_no_space_where_it_is_tight() {
    let Some(small) = Small::new(8, 80) else {
        return;
    };
    let _ = small.user().env("ISOLATED_REPEAT", "30").run().passed();
    small.state.wait_for_the_end();
}

#[test]
fn a_full_disk_is_the_reason_that_is_shown() {
    // Too little for a server, and for a database on it.
    for disk in [8, 32] {
        let Some(small) = Small::new(8, disk) else {
            return;
        };
        let run = small.user().run().failed();
        let complaint = small.state.complaint(&run);
        let (reason, place) = complaint
            .split_once("; make room for the data in ")
            .unwrap();
        assert!(reason.contains("No space left on device"), "{complaint}");
        assert!(
            place.starts_with("DIR/scratch/disk/isolated-postgres-"),
            "{complaint}"
        );
        small.state.wait_for_the_end();
    }
}
