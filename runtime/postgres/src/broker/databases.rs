//! Statements that make and drop databases.

use isolated_test_postgres_wire::{Connection, Failure, Row, literal, name};

use super::schema;

/// The statement that makes a database from another one.
pub(super) fn create(version: u32, new: &str, template: &str) -> String {
    // Until version 14 there was no other strategy.
    let strategy = if version >= 15 {
        " STRATEGY file_copy"
    } else {
        ""
    };
    format!(
        "CREATE DATABASE {} TEMPLATE {}{strategy}",
        name(new),
        name(template)
    )
}

/// The comment on a database that stays for people.
pub(super) const KEPT: &str = "kept by isolated-test, because a test has failed";

/// How many of these stay.
pub(super) const MOST_KEPT: usize = 16;

/// Drops a database, also if something is connected to it.
pub(super) fn drop_one(
    version: u32,
    database: &str,
    mut run: impl FnMut(&str) -> Result<Vec<Row>, Failure>,
) -> Result<(), Failure> {
    if version >= 13 {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", name(database));
        return run(&sql).map(drop);
    }
    run(&end_sessions(database))?;
    run(&format!("DROP DATABASE IF EXISTS {}", name(database))).map(drop)
}

/// The statement that lets a template be dropped.
pub(super) fn no_template(template: &str) -> String {
    format!("ALTER DATABASE {} WITH IS_TEMPLATE false", name(template))
}

/// The statement that ends all sessions in a database. Returns a row for each.
pub(super) fn end_sessions(database: &str) -> String {
    format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}",
        literal(database)
    )
}

/// Waits until a killed host has no sessions left: the server finishes their last statements, which may
/// create databases.
pub(crate) fn outlive_sessions(connection: &mut Connection, prefix: &str) -> Result<(), Failure> {
    connection.run("SET lock_timeout = '10s'")?;
    let sql = format!("SELECT pg_advisory_lock(hashtext({}))", literal(prefix));
    connection.run(&sql).map(drop)
}

/// Drops all databases whose names begin so, and all such schemas in this one, but not those that are kept.
pub(crate) fn drop_all(connection: &mut Connection, prefix: &str) -> Result<(), Failure> {
    let names = |catalog, name, comment| {
        format!(
            "SELECT {name} FROM {catalog} WHERE left({name}, {}) = {} AND coalesce({comment}, '') <> {}",
            prefix.chars().count(),
            literal(prefix),
            literal(KEPT)
        )
    };
    let databases = names(
        "pg_database",
        "datname",
        "shobj_description(oid, 'pg_database')",
    );
    let version = connection.version();
    let found = connection.run(&databases)?.into_iter().flatten().flatten();
    let dropped = for_each(found, |database| {
        drop_one(version, &database, |sql| connection.run(sql))
    });
    let schemas = names(
        "pg_namespace",
        "nspname",
        "obj_description(oid, 'pg_namespace')",
    );
    let found = connection.run(&schemas)?.into_iter().flatten().flatten();
    dropped.and(for_each(found, |schema| {
        schema::remove(connection, &schema)
    }))
}

/// Does something for each, also after the server has refused it for another one. Returns the first refusal.
pub(super) fn for_each<T>(
    all: impl IntoIterator<Item = T>,
    mut act: impl FnMut(T) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut all_done = Ok(());
    for one in all {
        match act(one) {
            Err(lost @ Failure::Lost(_)) => return Err(lost),
            done => all_done = all_done.and(done),
        }
    }
    all_done
}
