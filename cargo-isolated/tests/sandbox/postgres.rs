//! `cargo isolated run --with postgres`: a server in each sandbox.
//!
//! Here, Cargo and rustc are a script that runs one program.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};

use super::refused::is_refused;
use super::{Workspace, as_root_and_user, printed};

mod ends;
mod stand_ins;

const URL: &str = "postgres://shop:secret@localhost:5432/shop";

impl Workspace {
    /// `cargo isolated run` with these options, where the only test is this script.
    fn suite(&self, options: &[&str], script: &str) -> Command {
        let mut runner = self.runner(script);
        let (dir, program) = (
            self.dir.path().display(),
            env!("CARGO_BIN_EXE_cargo-isolated"),
        );
        let cargo = format!(
            r#"#!/bin/sh
            case "$1 $2" in
                "-vV "*) echo 'host: this one' ;;
                "metadata "*) echo '{{"packages":[],"workspace_root":"{dir}","target_directory":"{dir}/target"}}' ;;
                "nextest run") export CARGO_ISOLATED_PARTS="${{PARTS-$CARGO_ISOLATED_PARTS}}"; exec {program} runner {dir}/target/sh -c "$SCRIPT" --exact shop::pays ;;
            esac"#
        );
        let path = self.path("cargo");
        fs::write(&path, cargo).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a program");
        let mut command = Command::new(program);
        command
            .arg("run")
            .args(options)
            .current_dir(self.dir.path());
        for (name, value) in runner.env("SCRIPT", script).get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
            .env("CARGO", &path)
            .env("RUSTC", &path)
            .env_remove("DATABASE_URL");
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        command
    }

    /// The names of all data.
    fn data(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("target/isolated/postgres")).expect("the data");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let names = names.map(|name| name.into_string().expect("UTF-8"));
        names.filter(|name| name != "lock").collect()
    }
}

/// The output of a suite that passes.
#[track_caller]
fn passed(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?}: {errors}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The only line of errors of a suite that was not started, after the line with the parts.
#[track_caller]
fn complaint(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(output.stdout.is_empty(), "a test was run: {errors}");
    let (parts, complaint) = errors.split_once('\n').expect("two lines");
    assert!(
        parts.starts_with("isolated: each test has its own "),
        "{errors}"
    );
    complaint.to_owned()
}

#[test]
fn each_test_has_a_server_at_the_usual_places() {
    // The same key in the same database, by a name, by both addresses, and by both sockets.
    let script = "set -e
        ask() { psql -XAtq -v ON_ERROR_STOP=1 \"$@\"; }
        ask postgres://shop:secret@localhost:5432/shop -c 'CREATE TABLE carts (id int PRIMARY KEY)'
        ask postgres://shop@127.0.0.1/shop -c 'INSERT INTO carts VALUES (1)'
        ask 'postgres://shop@[::1]/shop' -c 'SELECT count(*), current_user FROM carts'
        ask 'postgres://shop@/shop?host=/tmp' -c 'SELECT count(*) FROM carts'
        ask -U postgres -d shop -c 'SELECT inet_server_addr() IS NULL, pg_get_userbyid(datdba) FROM pg_database
            WHERE datname = current_database()'
        ask postgres://shop@localhost/shop -c 'CREATE ROLE audit' -c 'CREATE DATABASE audit OWNER audit' \
            -c \"ALTER SYSTEM SET work_mem = '8MB'\"
        ask postgres://shop@localhost/carts -c 'SELECT rolname FROM pg_roles WHERE rolsuper ORDER BY 1'";
    let with = format!("--with=postgres={URL}");
    let with = [&with, "--with=postgres=postgres://shop@localhost/carts"];
    as_root_and_user(|user| {
        let workspace = Workspace::of(user, "");
        for _ in 0..2 {
            let output = workspace.suite(&with, script).output();
            let output = output.expect("the command");
            assert_eq!(passed(&output), "1|shop\n1\nt|shop\npostgres\nshop\n");
            let errors = String::from_utf8_lossy(&output.stderr);
            assert_eq!(
                errors,
                "isolated: each test has its own network, ipc, checkout, tmp, home\n\
                 isolated: each test has its own PostgreSQL at localhost:5432; it has `carts` of `shop`, `shop` of `shop`\n"
            );
        }
        // Both runs began with the same data, which no server has changed.
        let data = workspace.data();
        assert_eq!(data.len(), 1, "{data:?}");
        let data = workspace.path("target/isolated/postgres").join(&data[0]);
        assert!(data.join("PG_VERSION").is_file() && !data.join("postmaster.pid").exists());
    });
}

#[test]
fn the_environment_names_the_database() {
    if is_refused(None) {
        return;
    }
    let workspace = Workspace::new("");
    let script = "psql -XAtqc 'SELECT current_database(), current_user' \"$DATABASE_URL\"";
    let mut suite = workspace.suite(&["--with", "postgres"], script);
    suite.env("DATABASE_URL", "postgres://me@127.0.0.1:5439/orders");
    let output = suite.output().expect("the command");
    assert_eq!(passed(&output), "orders|me\n");
    // Another one is not ours to serve.
    let mut suite = workspace.suite(
        &["--with", "postgres"],
        "psql -XAtqc 'SELECT current_user' postgres://postgres@localhost",
    );
    let output = suite.env("DATABASE_URL", "mysql://db.internal/x").output();
    assert_eq!(passed(&output.expect("the command")), "postgres\n");
}

#[test]
fn a_test_that_keeps_the_network_has_no_server() {
    if is_refused(None) {
        return;
    }
    let workspace = Workspace::new("overrides = [{ tests = 'pays', keep = ['network'] }]");
    let script =
        "ls -d /run/postgresql/isolated-postgres /tmp/isolated-postgres 2>/dev/null; echo none";
    let output = workspace.suite(&["--with", "postgres"], script).output();
    assert_eq!(passed(&output.expect("the command")), "none\n");
}

#[test]
fn a_missing_requirement_is_named_before_a_test_begins() {
    if is_refused(None) {
        return;
    }
    let workspace = Workspace::new("");
    let with = ["--with", "postgres"];
    let mut suite = workspace.suite(&with, "echo run");
    let output = suite.env("ISOLATED_POSTGRES_BIN", "/none").output();
    assert_eq!(
        complaint(&output.expect("the command")),
        "cargo isolated: `ISOLATED_POSTGRES_BIN` is `/none`, which does not contain `postgres` and `initdb`\n"
    );
    let mut suite = workspace.suite(&["--with", "postgres:99"], "echo run");
    let output = suite.env_remove("ISOLATED_POSTGRES_BIN").output();
    assert_eq!(
        complaint(&output.expect("the command")),
        "cargo isolated: this machine has no PostgreSQL 99; install it with `apt-get install postgresql-99` or \
         `brew install postgresql@99`, or name the directory of `postgres` and `initdb` in \
         `ISOLATED_POSTGRES_BIN`\n"
    );
    let output = workspace
        .suite(&["--keep", "tmp", with[0], with[1]], "echo run")
        .output();
    assert_eq!(
        complaint(&output.expect("the command")),
        "cargo isolated: `--with postgres` needs sandboxes with network, ipc, tmp; without them, tests would meet \
         at one server\n"
    );
}

/// The runner checks again, after the trial of the command.
#[test]
fn a_test_whose_network_is_not_isolated_does_not_begin() {
    if is_refused(None) {
        return;
    }
    let workspace = Workspace::new("");
    let mut suite = workspace.suite(&["--with", "postgres"], "echo run");
    let output = suite.env("PARTS", "ipc,tmp").output().expect("the command");
    let said = complaint(&output);
    assert!(
        said.ends_with(
            ": `--with postgres` needs sandboxes with network, ipc, tmp; without them, tests would meet at one \
             server\n"
        ),
        "{said}"
    );
}

#[test]
fn a_server_that_does_not_start_shows_its_log() {
    if is_refused(None) {
        return;
    }
    let workspace = Workspace::new("");
    let with = ["--with", "postgres"];
    passed(
        &workspace
            .suite(&with, "true")
            .output()
            .expect("the command"),
    );
    let data = workspace
        .path("target/isolated/postgres")
        .join(&workspace.data()[0]);
    fs::remove_file(data.join("global/pg_control")).expect("a file");
    let said = complaint(
        &workspace
            .suite(&with, "echo run")
            .output()
            .expect("the command"),
    );
    assert!(
        said.starts_with("cargo isolated: PostgreSQL has ended with exit status: 2 "),
        "{said}"
    );
    assert!(
        said.contains("could not find the database system"),
        "{said}"
    );
    let way_out = format!("; if its data are damaged, remove `{}`\n", data.display());
    assert!(said.ends_with(&way_out), "{said}");
}

/// Incomplete data, of a run that was killed.
#[test]
fn incomplete_data_are_replaced() {
    if is_refused(None) {
        return;
    }
    let workspace = Workspace::new("");
    let new = workspace.path("target/isolated/postgres/new");
    fs::create_dir_all(&new).expect("a directory");
    fs::write(Path::new(&new).join("PG_VERSION"), "15\n").expect("a file");
    passed(
        &workspace
            .suite(&["--with", "postgres"], "true")
            .output()
            .expect("the command"),
    );
    assert!(!new.exists());
    assert_eq!(workspace.data().len(), 1);
    // The machine's own directory is as it was.
    assert_eq!(
        printed(&workspace.run("ls /tmp | grep -c isolated-postgres || true")),
        "0\n"
    );
}

#[test]
fn the_target_directory_may_be_a_link_into_a_replaced_directory() {
    if is_refused(None) {
        return;
    }
    let workspace = Workspace::new("");
    let (target, elsewhere) = (workspace.path("target"), tempfile::tempdir_in("/tmp"));
    let elsewhere = elsewhere.expect("a directory");
    fs::remove_dir_all(&target).expect("a directory");
    symlink(elsewhere.path(), &target).expect("a link");
    fs::write(target.join("CACHEDIR.TAG"), "").expect("a file");
    let script = "psql -XAtqc 'SELECT 1' postgres://postgres@localhost";
    let output = workspace.suite(&["--with", "postgres"], script).output();
    assert_eq!(passed(&output.expect("the command")), "1\n");
}
