//! Schemas: for each test one, in a database that such tests share.
//!
//! A schema is filled by its test, as a template is. An extension belongs to the whole database, so it is
//! moved out of the schema in which a test has created it. Nobody else may create the same one before that,
//! so the steps of each content run alone once; after that, `IF NOT EXISTS` finds what they have created.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use isolated_test_postgres_wire::{Address, Connection, Failure, literal, name};

use super::client::Client;
use super::databases::{KEPT, MOST_KEPT};
use super::filling::{Filling, Turn};
use super::schema::{self, COMMON, end_sessions, share_extensions};
use super::working::report;
use super::{EMPTY, Refused, Shared};

#[derive(Default)]
pub(super) struct Schemas {
    /// The database that tests share, once one has asked for it.
    database: Mutex<Option<String>>,
    filling: Filling,
    kept: Mutex<VecDeque<Place>>,
}

/// A schema, and where it is.
#[derive(Clone)]
pub(super) struct Place {
    database: String,
    pub(super) schema: String,
}

impl Place {
    /// The URL whose clients work in the schema.
    ///
    /// They also get its name, by which the server finds their sessions when the test is over.
    pub(super) fn url(&self, address: &Address) -> String {
        let mut address = address.clone();
        let parameters = &mut address.parameters;
        let mut options = format!("-c search_path={},{COMMON}", self.schema);
        if let Some((_, others)) = parameters.iter().find(|(name, _)| name == "options") {
            options = format!("{others} {options}");
        }
        parameters.retain(|(name, _)| !["options", "application_name"].contains(&&**name));
        parameters.push(("application_name".to_owned(), self.schema.clone()));
        parameters.push(("options".to_owned(), options));
        address.url(&self.database)
    }
}

impl Shared {
    /// Makes a schema for a test, which fills it.
    pub(super) fn schema(
        &self,
        key: &str,
        wish: &str,
        client: &mut Client,
    ) -> Result<Place, Refused> {
        let database = self.database_of_schemas()?;
        // Before there is anything to drop.
        let turn = (key != EMPTY).then(|| self.schemas.filling.enter(key, client));
        let turn = turn.transpose()?;
        // The names of schemas must not begin with `pg_`.
        let schema = self.name(&mut self.lock(), &format!("test_{wish}"));
        let place = Place { database, schema };
        let mut connection = self.sessions.open_in(&place.database)?;
        connection
            .run(&format!("CREATE SCHEMA {}", name(&place.schema)))
            .map_err(|failure| self.refused(failure))?;
        if let Some(turn) = turn {
            let filled = self.fill_schema(&place, &turn, &mut connection, client);
            if let Err(why) = filled {
                let removed = schema::remove(&mut connection, &place.schema);
                report(&format!("drop {}", place.schema), removed);
                return Err(Refused(why));
            }
            turn.note(key);
        }
        Ok(place)
    }

    fn database_of_schemas(&self) -> Result<String, Refused> {
        let mut shared = lock(&self.schemas.database);
        if let Some(shared) = &*shared {
            return Ok(shared.clone());
        }
        let sql = "SELECT FROM pg_roles WHERE rolname = current_user AND (rolcreatedb OR rolsuper)";
        if self.sessions.run(sql)?.is_empty() {
            let given = self.given_database()?;
            return Ok(shared.insert(given).clone());
        }
        let new = self.name(&mut self.lock(), "schemas");
        self.make(&new, "template0")
            .map_err(|failure| self.refused(failure))?;
        Ok(shared.insert(new).clone())
    }

    /// The database that people have named, for a role that may not create any. Migrations may change what
    /// tests see there, so it must contain nothing.
    fn given_database(&self) -> Result<String, Refused> {
        let database = &self.sessions.database;
        let tables = self.sessions.run(&format!(
            "SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace \
             WHERE nspname = {} AND relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT EXISTS \
                 (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e') LIMIT 1",
            literal(COMMON)
        ))?;
        match tables.into_iter().flatten().flatten().next() {
            None => Ok(database.clone()),
            Some(table) => Err(Refused(format!(
                "the role may not create databases, and in the database `{database}` migrations could change \
                 `{COMMON}.{table}`; name a database without tables in `ISOLATED_POSTGRES`, or let the role \
                 create databases"
            ))),
        }
    }

    /// Lets the test fill its schema.
    fn fill_schema(
        &self,
        place: &Place,
        turn: &Turn<'_>,
        connection: &mut Connection,
        client: &mut Client,
    ) -> Result<(), String> {
        let url = place.url(&self.sessions.address);
        Self::fill(&url, client).map_err(|unbuilt| unbuilt.why)?;
        if turn.is_alone {
            share_extensions(connection, &place.schema)?;
        }
        Ok(())
    }

    /// Drops the schema of a test that is over, or keeps it for people. Ends the sessions that the test has
    /// left in it.
    pub(super) fn give_schema_back(&self, place: Place, is_kept: bool) {
        let mut given_back = vec![(place, is_kept)];
        while let Some((place, is_kept)) = given_back.pop() {
            let connection = self.sessions.open_in(&place.database);
            if !is_kept {
                let dropped =
                    connection.and_then(|mut one| schema::remove(&mut one, &place.schema));
                report(&format!("drop {}", place.schema), dropped);
                continue;
            }
            let is_ours = place.database != self.sessions.database;
            let kept = connection.and_then(|mut one| keep(&mut one, &place, is_ours));
            report(&format!("keep {}", place.schema), kept);
            let mut all = lock(&self.schemas.kept);
            all.push_back(place);
            if all.len() > MOST_KEPT {
                given_back.extend(all.pop_front().map(|oldest| (oldest, false)));
            }
        }
    }
}

/// Keeps a schema for people, and the database with it if that is ours.
fn keep(connection: &mut Connection, place: &Place, is_ours: bool) -> Result<(), Failure> {
    end_sessions(connection, &place.schema)?;
    let mut kept = vec![format!("SCHEMA {}", name(&place.schema))];
    if is_ours {
        kept.push(format!("DATABASE {}", name(&place.database)));
    }
    for kept in kept {
        connection.run(&format!("COMMENT ON {kept} IS {}", literal(KEPT)))?;
    }
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use isolated_test_postgres_wire::Address;

    use super::Place;

    #[test]
    fn the_url_keeps_other_options_and_names_the_schema_last() {
        let place = Place {
            database: "d".into(),
            schema: "test_a_7".into(),
        };
        for (server, query) in [
            (
                "postgres://me@h/x",
                "?application_name=test_a_7&options=-c%20search_path%3Dtest_a_7%2Cpublic",
            ),
            (
                "postgres://me@h/x?options=-c%20search_path%3Db&application_name=c&sslmode=prefer",
                "?sslmode=prefer&application_name=test_a_7&options=-c%20search_path%3Db%20-c%20search_path%3Dtest_a_7%2Cpublic",
            ),
        ] {
            let address: Address = server.parse().unwrap();
            assert_eq!(
                place.url(&address),
                format!("postgres://me@h:5432/d{query}")
            );
        }
    }
}
