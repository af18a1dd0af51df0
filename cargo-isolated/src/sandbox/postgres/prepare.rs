//! The data with which the servers of all sandboxes begin.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use isolated_test_postgres::__private::Programs;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use super::place::{Place, new_dir};
use super::require_parts;
use super::server::Server;
use super::wanted::Wanted;
use crate::plan::{Plan, Postgres};
use crate::sandbox::janitor;
use crate::target_dir;
use crate::with::With;

/// Finds the server that the options ask for, makes its data if no earlier run has made them, and tries it
/// once.
///
/// # Errors
///
/// PostgreSQL is not installed, or no server can be started in a sandbox; the log of the server is quoted.
///
/// # When the process dies
///
/// Incomplete data stay in the target directory, and the next call removes them.
pub(crate) fn prepare(plan: &Plan, with: &[With]) -> Result<Postgres> {
    require_parts(plan)?;
    let wanted = Wanted::new(with)?;
    let programs = Programs::find(wanted.version).map_err(|error| anyhow!(error))?;
    let dir = target_dir::postgres(&target_dir::target_dir()?);
    let made = (|| {
        fs::create_dir_all(&dir)?;
        // In a sandbox, a link may lead to a directory that is hidden.
        let data = dir.canonicalize()?;
        let data = data.join(programs.name_of_data(&wanted.databases));
        // Only one process makes data. It is unlocked when it ends, whatever ends it.
        let lock = lock(File::create(dir.join("lock"))?)?;
        if !data.exists() {
            make(plan, &programs, &wanted, &data)?;
        }
        drop(lock);
        Ok::<_, anyhow::Error>(data)
    })();
    let data = made.with_context(|| {
        format!(
            "failed to make the data of PostgreSQL in `{}`",
            dir.display()
        )
    })?;
    let postgres = Postgres {
        programs: programs.dir().to_owned(),
        data,
        port: wanted.port,
        databases: wanted.databases,
    };
    let plan = with_access(plan, &postgres.data);
    janitor::act(&plan, |is_user, alive| {
        Server::start(&postgres, is_user, alive).map(Server::end)
    })?;
    Ok(postgres)
}

/// Locks a file, which another process may have locked while it makes data.
fn lock(file: File) -> nix::Result<Flock<File>> {
    Flock::lock(file, FlockArg::LockExclusiveNonblock)
        .or_else(|(file, error)| {
            if error != Errno::EWOULDBLOCK {
                return Err((file, error));
            }
            eprintln!("isolated: waiting for another `cargo isolated run` that makes the data of PostgreSQL");
            Flock::lock(file, FlockArg::LockExclusive)
        })
        .map_err(|(_, error)| error)
}

/// The plan of a sandbox that has access to this directory.
fn with_access(plan: &Plan, dir: &Path) -> Plan {
    let mut plan = plan.clone();
    plan.stays.push(dir.to_owned());
    plan
}

/// Makes data. They get their name when they are complete.
fn make(plan: &Plan, programs: &Programs, wanted: &Wanted, data: &Path) -> Result<()> {
    let new = data.with_file_name("new");
    match fs::remove_dir_all(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    new_dir(&new, programs)?;
    // In a sandbox, the programs reach the directory, even if they run as another user than this one.
    janitor::act(&with_access(plan, &new), |_, _| {
        let place = Place::new(programs)?;
        place.bind(&new)?;
        programs.fill(&place.data, &wanted.databases)
    })?;
    Ok(fs::rename(&new, data)?)
}
