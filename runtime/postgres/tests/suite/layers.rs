//! Copies of templates as overlays, where the system allows them.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use isolated_test_tests::refusal::without_namespaces;
use isolated_test_tests::{State, is_root};
use postgres::{Client, NoTls};

use crate::asking::{Servers, ask, databases, files, main_database, signal};
use crate::deaths::server;

mod inner {
    use isolated_test::isolated;
    use isolated_test_postgres::{Database, Postgres};
    use isolated_test_tests::{hold, say};
    use postgres::{Client, NoTls};

    fn prepare(url: &str) -> Result<(), postgres::Error> {
        Client::connect(url, NoTls)?
            .batch_execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1)")
    }

    #[isolated(db = Postgres::prepared("layers", 1, prepare))]
    #[test]
    #[ignore = "started by another test"]
    fn uses_a_table(db: &Database) {
        say(&format!("url {}", db.url()));
        hold();
    }
}

/// Whether this system refuses overlays to the user of the server. If so, says that the test is skipped.
fn overlays_are_refused() -> bool {
    let dir = tempfile::tempdir_in("/dev/shm").unwrap();
    let path = dir.path().to_str().unwrap();
    let script = "mkdir $0/l $0/u $0/w && mount -t overlay o -o userxattr,lowerdir=$0/l,upperdir=$0/u,workdir=$0/w $0";
    let mut unshare = Command::new("unshare");
    unshare.args([
        "--user",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        script,
        path,
    ]);
    if is_root() {
        const NOBODY: u32 = 65534;
        std::os::unix::fs::chown(dir.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        unshare.uid(NOBODY).gid(NOBODY).current_dir("/");
    }
    let is_refused = !unshare.output().is_ok_and(|output| output.status.success());
    if is_refused {
        eprintln!("skipped: this system refuses overlays to an ordinary user");
    }
    is_refused
}

/// The directory of a database, as everyone but its server sees it.
fn directory(url: &str) -> PathBuf {
    let number = ask(
        url,
        "SELECT oid::text FROM pg_database WHERE datname = current_database()",
    );
    files(url).join("data/base").join(number)
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// The directories on which overlays are mounted, as the server sees them.
fn mounted(url: &str) -> Vec<PathBuf> {
    let mounts = fs::read_to_string(format!("/proc/{}/mounts", server(&files(url)))).unwrap();
    let overlays = mounts.lines().filter(|line| line.starts_with("overlay "));
    overlays
        .map(|line| line.split(' ').nth(1).unwrap().into())
        .collect()
}

#[test]
fn a_test_gets_an_overlay_which_goes_with_its_database() {
    if overlays_are_refused() {
        return;
    }
    let state = State::new();
    let mut one = state.user("uses_a_table").start();
    let mut other = state.user("uses_a_table").start();
    let (url, main) = (one.hear("url"), other.hear("url"));
    let main = main_database(&main);
    let directory = directory(&url);
    assert_eq!(names(&directory), ["PG_VERSION"]);
    assert!(mounted(&main).contains(&directory));
    let overlays = || names(&files(&main).join("layers"));
    let before = overlays();
    let count = "SELECT count(*)::text FROM t";
    assert_eq!(
        ask(
            &url,
            &format!("WITH new AS (INSERT INTO t VALUES (2) RETURNING n) {count}")
        ),
        "1"
    );
    assert_eq!(ask(&url, count), "2");
    one.release();
    while directory.exists() {
        thread::yield_now();
    }
    assert!(!mounted(&main).contains(&directory));
    while before.iter().all(|name| overlays().contains(name)) {
        thread::yield_now();
    }
    assert!(
        !databases(&main)
            .iter()
            .any(|name| name.starts_with("gone-"))
    );
    // The files of the template have not changed.
    let mut next = state.user("uses_a_table").start();
    assert_eq!(ask(&next.hear("url"), count), "1");
    next.release();
    other.release();
    state.wait_for_the_end();
}

#[test]
fn an_overlay_goes_when_the_test_drops_its_database() {
    if overlays_are_refused() {
        return;
    }
    let state = State::new();
    let mut other = state.user("uses_a_table").start();
    let mut user = state.user("uses_a_table").start();
    let (url, main) = (user.hear("url"), main_database(&other.hear("url")));
    let directory = directory(&url);
    let (_, name) = url.rsplit_once('/').unwrap();
    let drop = format!("DROP DATABASE {name}");
    let mut client = Client::connect(&main, NoTls).unwrap();
    client.batch_execute(&drop).unwrap();
    assert!(mounted(&main).contains(&directory));
    user.release();
    while mounted(&main).contains(&directory) || directory.exists() {
        thread::yield_now();
    }
    other.release();
    state.wait_for_the_end();
}

/// A pool of a test that has ended connects again and again.
#[test]
fn a_client_that_connects_for_ever_keeps_no_overlay() {
    if overlays_are_refused() {
        return;
    }
    let state = State::new();
    let mut other = state.user("uses_a_table").start();
    let mut user = state.user("uses_a_table").start();
    let (url, main) = (user.hear("url"), main_database(&other.hear("url")));
    let directory = directory(&url);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    if let Ok(mut client) = Client::connect(&url, NoTls) {
                        // Until its session is ended.
                        let _ = client.batch_execute("SELECT pg_sleep(600)");
                    }
                }
            });
        }
        user.release();
        while directory.exists() {
            thread::yield_now();
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert!(!mounted(&main).contains(&directory));
    other.release();
    state.wait_for_the_end();
}

#[test]
fn the_server_recovers_with_its_overlays_when_a_session_is_killed() {
    if overlays_are_refused() {
        return;
    }
    let state = State::new();
    let mut user = state.user("uses_a_table").start();
    let url = user.hear("url");
    assert!(mounted(&url).contains(&directory(&url)));
    let mut client = Client::connect(&url, NoTls).unwrap();
    client.batch_execute("INSERT INTO t VALUES (2); CREATE TABLE late (n int); CHECKPOINT; INSERT INTO t VALUES (3)").unwrap();
    // Not lost with the memory of the server, because the log is written.
    client
        .batch_execute("SET synchronous_commit = on; CREATE TABLE later (n int)")
        .unwrap();
    let session: i32 = client
        .query_one("SELECT pg_backend_pid()", &[])
        .unwrap()
        .get(0);
    signal("-KILL", session.unsigned_abs());
    while !client.is_closed() {
        let _ = client.batch_execute("");
    }
    let mut client = loop {
        if let Ok(client) = Client::connect(&url, NoTls) {
            break client;
        }
        thread::yield_now();
    };
    let row = client.query_one("SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM late) + (SELECT count(*) FROM later)", &[]);
    let row = row.unwrap();
    assert_eq!((row.get(0), row.get(1)), (3_i64, 0_i64));
    user.kill();
    state.wait_for_the_end();
}

#[test]
fn without_a_mounter_templates_are_copied() {
    if overlays_are_refused() {
        return;
    }
    let state = State::new();
    let mut user = state.user("uses_a_table").start();
    let url = user.hear("url");
    let namespace = |process: &str| fs::read_link(format!("/proc/{process}/ns/mnt")).ok();
    let wanted = namespace(&server(&files(&url)).to_string());
    let mounter = names(Path::new("/proc")).into_iter().find(|process| {
        let name = fs::read_to_string(format!("/proc/{process}/comm"));
        name.is_ok_and(|name| name == "isolated-mounts\n") && namespace(process) == wanted
    });
    signal("-KILL", mounter.unwrap().parse().unwrap());
    let mut seen = vec![directory(&url)];
    let main = main_database(&url);
    // Copies that were made ahead are overlays.
    loop {
        let mut next = state.user("uses_a_table").start();
        let url = next.hear("url");
        assert_eq!(ask(&url, "SELECT count(*)::text FROM t"), "1");
        let directory = directory(&url);
        assert!(!seen.contains(&directory));
        let is_copied = names(&directory).len() > 100;
        seen.push(directory);
        next.release();
        // Its database goes, although its overlay stays.
        let (_, name) = url.rsplit_once('/').unwrap();
        while databases(&main).iter().any(|other| other == name) {
            thread::yield_now();
        }
        if is_copied {
            break;
        }
    }
    assert!(
        databases(&main)
            .iter()
            .all(|name| !name.starts_with("gone-"))
    );
    user.release();
    state.wait_for_the_end();
}

#[test]
fn where_namespaces_are_refused_templates_are_copied() {
    let state = State::new();
    let mut user = state.user("uses_a_table").with(without_namespaces).start();
    let url = user.hear("url");
    assert!(names(&directory(&url)).len() > 100);
    assert_eq!(ask(&url, "SELECT count(*)::text FROM t"), "1");
    user.release();
    state.wait_for_the_end();
}
