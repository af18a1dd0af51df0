//! The server that the options and the environment ask for.

use std::collections::BTreeSet;
use std::env;

use anyhow::{Result, anyhow, bail};
use isolated_test_postgres_wire::{Address, Host, PORT};

use super::place::sockets;
use crate::with::With;

/// The variable by which tests find their database.
const VARIABLE: &str = "DATABASE_URL";

/// What a server must have.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The major version.
    pub(super) version: Option<u32>,
    pub(super) port: u16,
    /// The roles, and the databases that they own.
    pub(super) databases: BTreeSet<(String, String)>,
}

impl Wanted {
    /// Combines the options. The environment counts if no option has a URL.
    pub(super) fn new(with: &[With]) -> Result<Wanted> {
        let versions: BTreeSet<u32> = with.iter().filter_map(|with| with.version).collect();
        if versions.len() > 1 {
            bail!("`--with` asks for several versions of PostgreSQL; a test has one server");
        }
        let mut places = Vec::new();
        for url in with.iter().filter_map(|with| with.url.as_deref()) {
            let place =
                read(url).map_err(|why| anyhow!("failed to read the URL in `--with`: {why}"))?;
            places.push(place);
        }
        if places.is_empty() {
            let url = env::var(VARIABLE).ok();
            // Any other URL names another kind of database or another machine.
            places.extend(url.and_then(|url| read(&url).ok()));
        }
        let ports: BTreeSet<u16> = places.iter().map(|(port, ..)| *port).collect();
        if ports.len() > 1 {
            bail!("`--with` asks for several ports; a test has one server");
        }
        Ok(Wanted {
            version: versions.first().copied(),
            port: ports.first().copied().unwrap_or(PORT),
            databases: places
                .into_iter()
                .map(|(_, role, database)| (role, database))
                .collect(),
        })
    }
}

/// The port, role and database of a URL.
fn read(url: &str) -> Result<(u16, String, String), String> {
    let (address, database) = Address::parse(url)?;
    let is_served = match &address.host {
        Host::Tcp(name) => ["localhost", "127.0.0.1", "::1"].contains(&&**name),
        Host::Socket(dir) => dir.canonicalize().is_ok_and(|dir| sockets().contains(&dir)),
    };
    if !is_served {
        return Err(format!(
            "no server listens at `{address}`; write `localhost`, where each test has its server"
        ));
    }
    // As libpq does.
    let database = database.unwrap_or_else(|| address.user.clone());
    Ok((address.port, address.user, database))
}

#[cfg(test)]
mod tests {
    use super::{Wanted, With};

    fn wanted(options: &[&str]) -> Result<Wanted, String> {
        let with: Result<Vec<With>, String> = options.iter().map(|text| text.parse()).collect();
        Wanted::new(&with?).map_err(|error| error.to_string())
    }

    #[test]
    fn options_add_up_to_one_server() {
        let wanted = wanted(&[
            "postgres:15",
            "postgres=postgres://shop:secret@localhost:5433/shop",
            "postgres=postgres://127.0.0.1:5433/audit",
            "postgres=postgres://me@%2Ftmp:5433",
        ]);
        let pair = |(role, database): (&str, &str)| (role.to_owned(), database.to_owned());
        let databases = [("me", "me"), ("postgres", "audit"), ("shop", "shop")];
        let expected = Wanted {
            version: Some(15),
            port: 5433,
            databases: databases.into_iter().map(pair).collect(),
        };
        assert_eq!(wanted, Ok(expected));
    }

    #[test]
    fn options_that_contradict_each_other_are_refused() {
        for (options, why) in [
            (
                &["postgres:15", "postgres:16"][..],
                "`--with` asks for several versions of PostgreSQL; a test has one server",
            ),
            (
                &[
                    "postgres=postgres://localhost:1",
                    "postgres=postgres://localhost:2",
                ],
                "`--with` asks for several ports; a test has one server",
            ),
            (
                &["postgres=postgres://db.internal/shop"],
                "failed to read the URL in `--with`: no server listens at `db.internal:5432`; write \
                 `localhost`, where each test has its server",
            ),
        ] {
            assert_eq!(wanted(options), Err(why.to_owned()));
        }
    }

    #[test]
    fn an_address_where_no_server_listens_is_refused() {
        for host in [
            "db.internal",
            "127.0.0.2",
            "127.example.com",
            "[::2]",
            "%2Fnone%2Fpostgresql",
            "%2Fvar%2Ftmp",
        ] {
            let why = wanted(&[&format!("postgres=postgres://{host}/shop")]).expect_err(host);
            assert!(
                why.starts_with("failed to read the URL in `--with`: no server listens at `"),
                "{why}"
            );
        }
    }
}
