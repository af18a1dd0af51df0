//! How migrations are run.

use isolated_test_databases::File;

use isolated_test_postgres_wire::{Connection, Failure, Refusal};

use crate::statements::{line_of, statements};

/// Runs a file.
pub(crate) fn run(file: &File, connection: &mut Connection) -> Result<(), MigrationError> {
    if file.is_transaction {
        let ran = connection.run(&file.sql).map(drop);
        return ran.map_err(|failure| failed(file, failure, 0));
    }
    for range in statements(&file.sql) {
        let ran = connection.run(&file.sql[range.clone()]).map(drop);
        ran.map_err(|failure| failed(file, failure, range.start))?;
    }
    Ok(())
}

/// Finds the line of an error in the part of a file that begins at `start`.
fn failed(file: &File, failure: Failure, start: usize) -> MigrationError {
    let shown = file.shown.display();
    match failure {
        Failure::Lost(error) => MigrationError {
            text: format!("failed to run `{shown}`: {error}"),
            is_lasting: false,
        },
        Failure::Refused(refusal) => MigrationError {
            text: format!("{shown}:{}: {refusal}", line(&file.sql, &refusal, start)),
            is_lasting: !refusal.is_passing(),
        },
    }
}

fn line(whole: &str, refusal: &Refusal, start: usize) -> usize {
    let sql = &whole[start..];
    let in_sql = match refusal.position {
        Some(position) => sql
            .char_indices()
            .nth(position.saturating_sub(1))
            .map_or(sql.len(), |(at, _)| at),
        None => statements(sql)
            .get(refusal.completed)
            .map_or(0, |range| range.start),
    };
    line_of(whole, start + in_sql)
}

/// Why migrations have failed.
#[derive(Debug)]
pub(crate) struct MigrationError {
    pub(crate) text: String,
    /// Whether they would fail again.
    pub(crate) is_lasting: bool,
}
