//! The handle of a test.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use isolated_test_core::__private::Variable;
use isolated_test_core::BoxError;

use isolated_test_postgres_wire::{Address, Host, PORT};

use crate::at::At;

/// The database of a test.
///
/// Every client can connect to the [`url`](Database::url). Clients that want the parts get them
/// separately.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Database {
    url: String,
    name: String,
    schema: Option<String>,
    address: Address,
    /// Where the subprocess of the test serves it too.
    at: Option<At>,
}

impl Database {
    /// Returns the URL: `postgres://user@host/name`.
    ///
    /// The server of isolated-test listens on a Unix socket only. The host is then the directory of
    /// that socket with `/` written as `%2F`, which libpq, psql, sqlx, diesel, tokio-postgres and
    /// sea-orm understand.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the name of the database.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the name of the schema, if the test has one in a shared database: see
    /// [`Postgres::schema`](crate::Postgres::schema).
    ///
    /// Clients of the [`url`](Database::url) work in it. One that is given the parts has to set `search_path`.
    #[must_use]
    pub fn schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    /// Returns the host: a name, an address, or the absolute path of the directory of the Unix socket.
    #[must_use]
    pub fn host(&self) -> &str {
        match &self.address.host {
            Host::Socket(dir) => dir.to_str().unwrap_or_default(),
            Host::Tcp(name) => name,
        }
    }

    /// Returns the port. It is a part of the name of a Unix socket too.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port
    }

    /// Returns the role that connects.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.address.user
    }

    /// Returns the password of the role, if it needs one.
    #[must_use]
    pub fn password(&self) -> Option<&str> {
        self.address.password.as_deref()
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// The same database for clients that connect to a socket in a directory, with this password.
    pub(crate) fn through(&self, dir: &Path, password: Option<String>) -> Self {
        let address = Address {
            host: Host::Socket(dir.to_owned()),
            port: PORT,
            user: self.address.user.clone(),
            password,
            parameters: self.unencrypted(),
        };
        Database {
            url: address.url(&self.name),
            name: self.name.clone(),
            schema: self.schema.clone(),
            address,
            at: None,
        }
    }

    /// The parameters without those about encryption, which a Unix socket does not have.
    fn unencrypted(&self) -> Vec<(String, String)> {
        let mut parameters = self.address.parameters.clone();
        parameters.retain(|(name, _)| !name.starts_with("ssl"));
        parameters
    }

    /// The same database with a schema, or without one if the name is empty.
    pub(crate) fn with_schema(self, schema: &str) -> Self {
        let schema = Some(schema.to_owned()).filter(|name| !name.is_empty());
        Database { schema, ..self }
    }

    /// The parameters of the URL that a client sends to the server, for our own connections.
    pub(crate) fn session(&self) -> Vec<(String, String)> {
        let own = [
            ("client_encoding", "UTF8"),
            ("application_name", "isolated-test"),
        ];
        let mut session = own
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
        // The server takes the last value.
        let given = self.address.parameters.iter();
        let given = given.filter(|(name, _)| ["application_name", "options"].contains(&&**name));
        session.extend(given.cloned());
        session
    }

    /// The options of the URL for the server.
    pub(crate) fn options(&self) -> Option<&str> {
        let mut parameters = self.address.parameters.iter();
        let (_, options) = parameters.find(|(name, _)| name == "options")?;
        Some(options)
    }

    /// Where the subprocess of the test serves it too.
    pub(crate) fn at(&self) -> Option<&At> {
        self.at.as_ref()
    }

    pub(crate) fn served_at(self, at: Option<At>) -> Self {
        Database { at, ..self }
    }

    /// Everything that the subprocess of the test has to know.
    pub(crate) fn to_text(&self) -> String {
        let at = self.at.as_ref().map(At::to_string).unwrap_or_default();
        let schema = self.schema().unwrap_or_default();
        format!("{}\t{schema}\t{at}", self.url)
    }

    /// Reads what [`to_text`](Database::to_text) has written.
    pub(crate) fn from_text(text: &str) -> Result<Self, BoxError> {
        let mut words = text.splitn(3, '\t');
        let mut word = || words.next().ok_or("the parent has sent no database");
        let (url, schema, at) = (word()?, word()?, word()?);
        let database = url.parse::<Database>()?.with_schema(schema);
        let at = Some(at).filter(|at| !at.is_empty()).map(str::parse);
        Ok(database.served_at(at.transpose()?))
    }

    /// The URL without passwords.
    pub(crate) fn shown(&self) -> String {
        let mut address = Address {
            password: None,
            ..self.address.clone()
        };
        let parameters = &mut address.parameters;
        parameters.retain(|(name, _)| name != "sslpassword");
        address.url(&self.name)
    }
}

/// Reads a URL that names a database.
impl FromStr for Database {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        let read = Address::parse(url).and_then(|(address, name)| {
            let name = name.ok_or("it names no database")?;
            Ok((address, name))
        });
        let (address, name) =
            read.map_err(|why| format!("failed to read the URL of a database: {why}"))?;
        Ok(Database {
            url: url.to_owned(),
            name,
            schema: None,
            address,
            at: None,
        })
    }
}

/// Writes the URL.
impl fmt::Display for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.url)
    }
}

/// For `env(DATABASE_URL = db)`.
impl Variable for Database {
    fn to_variable(&self) -> Option<OsString> {
        Some(OsString::from(&self.url))
    }
}

/// Leaves out the password.
impl fmt::Debug for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Database({})", self.shown())
    }
}

#[cfg(test)]
mod tests {
    use super::Database;

    #[test]
    fn passwords_are_not_shown() {
        let url = "postgres://me:secret@h/d?sslpassword=secret&sslmode=prefer";
        let database: Database = url.parse().unwrap();
        assert_eq!(database.password(), Some("secret"));
        let shown = "postgres://me@h:5432/d?sslmode=prefer";
        assert_eq!(database.shown(), shown);
        assert_eq!(format!("{database:?}"), format!("Database({shown})"));
    }
}
