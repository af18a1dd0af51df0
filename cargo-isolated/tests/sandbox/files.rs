//! The files and directories that a program sees, and the fate of its changes.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Command;

use super::refused::is_refused;
use super::{Workspace, as_root_and_user, printed};

#[test]
fn files_are_private_to_a_program() {
    let name = format!("cargo-isolated-{}", std::process::id());
    as_root_and_user(|user| {
        let workspace = Workspace::of(user, "");
        fs::write(workspace.path("notes"), "of the checkout").expect("a file");
        fs::write(workspace.path("home/settings"), "of the user").expect("a file");
        chown(workspace.path("notes"), user, user).expect("the owner");
        let script = format!(
            "cat notes; echo changed > notes; rm Cargo.toml; mkdir sub; ls;
             ls -A ~; echo changed > ~/settings; cd /tmp; ls; echo changed > {name}; echo changed > /dev/shm/{name}"
        );
        for _ in 0..2 {
            let text = printed(&workspace.run(&script));
            assert_eq!(text, "of the checkouthome\nnotes\nsub\ntarget\n");
        }
        let read = |name| fs::read_to_string(workspace.path(name)).expect("the file");
        assert_eq!(
            (read("notes"), read("home/settings")),
            ("of the checkout".into(), "of the user".into())
        );
        assert!(workspace.path("Cargo.toml").is_file() && !workspace.path("sub").exists());
    });
    for dir in ["/tmp", "/dev/shm"] {
        assert!(!Path::new(dir).join(&name).exists());
    }
}

#[test]
fn variables_that_name_replaced_directories_are_unset() {
    if is_refused(None) {
        return;
    }
    let variables = [
        "TMPDIR",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_RUNTIME_DIR",
        "XDG_STATE_HOME",
    ];
    let set = |keep: &str| {
        let workspace = Workspace::new(&format!("keep = {keep}"));
        let mut runner = workspace.runner("env");
        for name in variables {
            runner.env(name, "/var/tmp");
        }
        let text = printed(&runner.output().expect("the runner"));
        let is_set = |name: &&str| text.contains(&format!("{name}=/var/tmp"));
        variables.into_iter().filter(is_set).collect::<Vec<_>>()
    };
    assert_eq!(set("[]"), Vec::<&str>::new());
    assert_eq!(set("['tmp']"), ["TMPDIR"]);
    assert_eq!(set("['home']"), variables[1..]);
}

#[test]
fn the_target_directory_stays_shared() {
    as_root_and_user(|user| {
        let workspace = Workspace::of(user, "");
        printed(&workspace.run("echo built > target/artifact"));
        assert!(workspace.path("target/artifact").is_file());
    });
}

/// Cargo makes `target/tmp` for the files of tests, and tells them by `CARGO_TARGET_TMPDIR`.
#[test]
fn what_tests_have_in_the_target_directory_is_private() {
    as_root_and_user(|user| {
        let workspace = Workspace::of(user, "");
        fs::create_dir(workspace.path("target/tmp")).expect("a directory");
        fs::write(workspace.path("target/tmp/counter"), "1\n").expect("a file");
        for path in ["target/tmp", "target/tmp/counter"] {
            chown(workspace.path(path), user, user).expect("the owner");
        }
        let script = "cd target/tmp; cat counter; echo 2 > counter; touch new; ls";
        for _ in 0..2 {
            assert_eq!(printed(&workspace.run(script)), "1\ncounter\nnew\n");
        }
    });
}

/// Wherever the state directory is, and even if no isolated test has run yet.
#[test]
fn the_state_directory_stays_shared() {
    as_root_and_user(|user| {
        let workspace = Workspace::of(user, "");
        let above = |dir| {
            let above = tempfile::tempdir_in(dir).expect("a directory");
            chown(above.path(), user, user).expect("the owner");
            above
        };
        let (tmp, shm) = (above("/tmp"), above("/dev/shm"));
        for state_dir in [
            tmp.path().join("state"),
            shm.path().join("state"),
            workspace.path("state"),
            workspace.path("target/state"),
            workspace.path("home/cache/state"),
        ] {
            let mut runner = workspace.runner("echo held > $ISOLATED_DIR/lock");
            runner.env("ISOLATED_DIR", &state_dir);
            printed(&runner.output().expect("the runner"));
            let lock = fs::read_to_string(state_dir.join("lock"));
            assert_eq!(lock.expect("the file"), "held\n", "{}", state_dir.display());
            let mode = fs::metadata(&state_dir)
                .expect("the directory")
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o700);
        }
    });
}

#[test]
fn a_workspace_path_may_contain_the_separators_of_mount_options() {
    if is_refused(None) {
        return;
    }
    let dir = tempfile::Builder::new()
        .prefix("a\\b:c,d")
        .tempdir_in("/var/tmp");
    let workspace = Workspace::at(dir.expect("a directory"), None, "");
    printed(&workspace.run("test -f Cargo.toml && echo x > note"));
    assert!(!workspace.path("note").exists());
}

#[test]
fn a_workspace_may_be_below_a_replaced_directory() {
    if is_refused(None) {
        return;
    }
    let tmp = tempfile::tempdir_in("/tmp").expect("a directory");
    let path = tmp.path().display();
    fs::write(tmp.path().join("Cargo.toml"), "[package]\nname = 'p'\n").expect("a file");
    let mut runner = Command::new(env!("CARGO_BIN_EXE_cargo-isolated"));
    runner.args([
        "runner",
        "/bin/sh",
        "-c",
        "pwd; ls; ls -A /tmp | wc -l; echo x > note",
    ]);
    runner
        .current_dir(tmp.path())
        .env("CARGO_MANIFEST_DIR", tmp.path());
    runner
        .env("HOME", tmp.path().join("home"))
        .env("ISOLATED_DIR", tmp.path().join("state"));
    let text = printed(&runner.output().expect("the runner"));
    assert_eq!(text, format!("{path}\nCargo.toml\nhome\nstate\n1\n"));
    assert!(!tmp.path().join("note").exists());
}

#[test]
fn links_to_the_workspace_and_to_the_home_directory_are_followed() {
    if is_refused(None) {
        return;
    }
    let workspace = Workspace::new("");
    let links = tempfile::tempdir_in("/var/tmp").expect("a directory");
    let (checkout, home) = (links.path().join("checkout"), links.path().join("home"));
    symlink(workspace.dir.path(), &checkout).expect("a link");
    symlink(workspace.path("home"), &home).expect("a link");
    fs::create_dir(workspace.path("home/.cargo")).expect("a directory");
    let mut runner = workspace.runner("echo x > note; echo x > target/artifact; ls -A ~");
    runner
        .current_dir(&checkout)
        .env("CARGO_MANIFEST_DIR", &checkout);
    runner.env("HOME", home).env_remove("CARGO_HOME");
    assert_eq!(printed(&runner.output().expect("the runner")), ".cargo\n");
    assert!(workspace.path("target/artifact").is_file() && !workspace.path("note").exists());
}

#[test]
fn a_missing_home_directory_is_not_created() {
    if is_refused(None) {
        return;
    }
    let workspace = Workspace::new("");
    let elsewhere = tempfile::tempdir_in("/var/tmp").expect("a directory");
    let home = elsewhere.path().join("home");
    let mut runner = workspace.runner(":");
    runner.env("HOME", &home);
    printed(&runner.output().expect("the runner"));
    assert!(!home.exists());
}
