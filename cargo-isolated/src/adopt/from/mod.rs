//! Plans the conversion of the attributes of other crates.

use anyhow::Result;

use super::manifest::Source;
use super::plan::Plan;
use super::project::Project;

/// A crate whose attributes can be converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Peer {
    #[value(name = "serial_test")]
    SerialTest,
    #[value(name = "sealed_test")]
    SealedTest,
    TempEnv,
    Tempfile,
}

/// Plans the conversion of a workspace.
pub(super) fn plan(_peer: Peer, _project: &Project, _source: Source) -> Result<Plan> {
    anyhow::bail!("to do")
}
