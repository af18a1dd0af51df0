//! A sandbox for one test program, on Linux.
//!
//! Three processes: the *runner*, which Cargo knows, waits. The *janitor*, its child in a process group
//! of its own, enters the namespaces, starts the program in the group of the runner, and ends what the
//! program leaves behind, also when somebody kills the runner. Everything that the sandbox creates is in
//! namespaces and in memory, and gone with the last process in it.

mod enter;
mod janitor;
mod leftovers;

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::{Error, Result};

use crate::part::Part;
use crate::plan::{Plan, Refusal};

impl Plan {
    pub(crate) fn has(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }

    /// Tries to use the plan, and leaves out one refused part after the other.
    fn without_refused<T>(
        &self,
        mut attempt: impl FnMut(&Plan) -> Result<Result<T, Refusal>>,
    ) -> Result<(T, Plan, Vec<Refusal>)> {
        let (mut plan, mut refused) = (self.clone(), Vec::new());
        loop {
            match attempt(&plan)? {
                Ok(value) => return Ok((value, plan, refused)),
                Err(refusal) => {
                    plan.parts.retain(|part| *part != refusal.part);
                    refused.push(refusal);
                }
            }
        }
    }
}

/// Finds out in throw-away processes which parts the system allows.
pub(crate) fn probe(plan: &Plan) -> Result<(Vec<Part>, Vec<Refusal>)> {
    let ((), plan, refused) = plan.without_refused(janitor::probe)?;
    Ok((plan.parts, refused))
}

/// Runs a program in a sandbox, and ends as it ends.
pub(crate) fn run(plan: &Plan, program: &OsStr, words: &[OsString]) -> Result<ExitCode> {
    let (status, _, _) = plan.without_refused(|plan| {
        let ended = janitor::run(plan, program, words)?;
        if let Err(Refusal { part, reason }) = &ended {
            eprintln!("isolated: WARNING: this test shares the part `{part}`: {reason}");
        }
        Ok(ended)
    })?;
    janitor::end_like(status)
}

/// Becomes the program, without a sandbox.
pub(crate) fn replace(program: &OsStr, words: &[OsString]) -> Error {
    let error = Command::new(program).args(words).exec();
    Error::new(error).context(format!("failed to start `{}`", program.to_string_lossy()))
}
