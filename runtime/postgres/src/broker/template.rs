//! Templates: how a test builds one, and how it is sealed.

use std::io;

use isolated_test_databases::Content;
use isolated_test_postgres_wire::{Failure, literal};

use super::client::Client;
use super::databases::no_template;
use super::ending::close;
use super::{Refused, Shared, tidy};

impl Shared {
    /// Lets a test build a template, unless there is one. Returns its name and its size in bytes.
    pub(super) fn build(&self, key: &str, client: &mut Client) -> Result<(String, u64), Unbuilt> {
        // Another role could not use what is in the template.
        let mut content = Content::new();
        content.add(key);
        content.add(&self.sessions.address.user);
        let template = format!("{}{}", tidy::PREFIX, content.key());
        // From here on, nobody removes it.
        self.locks.use_template(&template)?;
        let built = self.find_or_build(&template, client);
        if built.is_err() {
            self.locks.leave_template(&template);
        }
        Ok((template, built?))
    }

    fn find_or_build(&self, template: &str, client: &mut Client) -> Result<u64, Unbuilt> {
        let _permit = self.sessions.permit(client)?;
        // Another machine may build it on the same server. The lock ends with the connection.
        let mut connection = self.sessions.open()?;
        connection.run(&format!(
            "SELECT pg_advisory_lock(hashtext({}))",
            literal(template)
        ))?;
        let find = format!(
            "SELECT 1 FROM pg_database WHERE datname = {}",
            literal(template)
        );
        if connection.run(&find)?.is_empty() {
            let number = self.lock().next_number();
            let building = format!("{}building_{number}", self.prefix);
            self.make(&building, "template0")
                .map_err(|failure| self.refused(failure))?;
            let filled = Self::fill(&self.sessions.address.url(&building), client);
            let sealed = filled.and_then(|()| self.seal(&building, template));
            if let Err(unbuilt) = sealed {
                self.drop_now(&building);
                return Err(unbuilt);
            }
        }
        tidy::note_use(template, |sql| connection.run(sql))?;
        let size = format!("SELECT pg_database_size({})", literal(template));
        let rows = connection.run(&size)?;
        let size = rows
            .first()
            .and_then(|row| row.first()?.as_ref()?.parse().ok());
        Ok(size.unwrap_or(0))
    }

    /// Waits until the test has filled what is at a URL.
    pub(super) fn fill(url: &str, client: &mut Client) -> Result<(), Unbuilt> {
        client.say(&["build", url])?;
        let words = client.hear()?.unwrap_or_default();
        match &*words.iter().map(String::as_str).collect::<Vec<_>>() {
            ["built"] => Ok(()),
            ["failed", how, why] => Err(Unbuilt {
                why: (*why).to_owned(),
                is_lasting: *how == "lasting",
            }),
            // The test has died.
            _ => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
        }
    }

    /// Makes a template of a database that is complete. It gets its name last.
    fn seal(&self, building: &str, template: &str) -> Result<(), Unbuilt> {
        let closed = close(&self.sessions, building, template, " IS_TEMPLATE true");
        if closed.is_err() {
            let _ = self.sessions.run(&no_template(building));
        }
        Ok(closed?)
    }
}

/// Why a template could not be built.
pub(super) struct Unbuilt {
    pub(super) why: String,
    /// Whether it would fail again.
    pub(super) is_lasting: bool,
}

impl From<Failure> for Unbuilt {
    fn from(failure: Failure) -> Self {
        Refused::from(failure).into()
    }
}

impl From<Refused> for Unbuilt {
    fn from(Refused(why): Refused) -> Self {
        Unbuilt {
            why,
            is_lasting: false,
        }
    }
}

impl From<io::Error> for Unbuilt {
    fn from(error: io::Error) -> Self {
        Failure::from(error).into()
    }
}
