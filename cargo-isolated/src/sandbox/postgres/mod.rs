//! A PostgreSQL server of each sandbox.
//!
//! Its data are made once and kept in the target directory. In each sandbox, they are the lower layer of an
//! overlay, so that a server begins without a copy of them, and all that it writes is in memory.

mod place;
pub(super) mod prepare;
pub(super) mod server;
mod wanted;

use std::io;

use super::POSTGRES_NEEDS;
use crate::part::names;
use crate::plan::Plan;

/// Fails if a server would not be that of one test alone.
pub(super) fn require_parts(plan: &Plan) -> io::Result<()> {
    if POSTGRES_NEEDS.iter().all(|part| plan.has(*part)) {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "`--with postgres` needs sandboxes with {}; without them, tests would meet at one server",
        names(&POSTGRES_NEEDS, ", ")
    )))
}
