//! Statements about the schema of a test.

use isolated_test_postgres_wire::{Connection, Failure, literal, name};

use super::ending::until_ended;

/// The schema of extensions, which all tests see.
pub(super) const COMMON: &str = "public";

/// Moves the extensions in a schema to where all tests see them.
pub(super) fn share_extensions(connection: &mut Connection, schema: &str) -> Result<(), String> {
    let sql = format!(
        "SELECT extname FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace \
         WHERE nspname = {}",
        literal(schema)
    );
    let failed = |extension: &str, failure: Failure| {
        format!(
            "failed to share the extension `{extension}`: {failure}; write `CREATE EXTENSION IF NOT EXISTS … \
             SCHEMA {COMMON}`, or give the test a database of its own: leave out `.schema()`"
        )
    };
    let rows = connection.run(&sql);
    let rows = rows.map_err(|failure| format!("failed to look for extensions: {failure}"))?;
    for extension in rows.into_iter().flatten().flatten() {
        let moved = format!("ALTER EXTENSION {} SET SCHEMA {COMMON}", name(&extension));
        let moved = connection.run(&moved);
        moved.map_err(|failure| failed(&extension, failure))?;
    }
    Ok(())
}

/// Ends the sessions of a test: those with the name of its schema, and those with locks in it.
pub(super) fn end_sessions(connection: &mut Connection, schema: &str) -> Result<(), Failure> {
    let schema = literal(schema);
    let sql = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND (application_name = {schema} \
             OR pid IN (SELECT pg_locks.pid FROM pg_locks \
                 JOIN pg_database ON pg_database.oid = pg_locks.database \
                 JOIN pg_class ON pg_class.oid = relation \
                 JOIN pg_namespace ON pg_namespace.oid = relnamespace \
                 WHERE datname = current_database() AND nspname = {schema}))"
    );
    until_ended(|| connection.run(&sql), || true)
}

/// Drops a schema, after its sessions have ended.
pub(super) fn remove(connection: &mut Connection, schema: &str) -> Result<(), Failure> {
    end_sessions(connection, schema)?;
    // An extension that is still there was created by the test itself. Others may use it.
    if let Err(why) = share_extensions(connection, schema) {
        eprintln!("isolated-test-postgres: {why}");
    }
    let sql = format!(
        "SET lock_timeout = '10s'; DROP SCHEMA IF EXISTS {} CASCADE",
        name(schema)
    );
    connection.run(&sql).map(drop)
}
