//! A sandbox for one test program, on Linux.
//!
//! There are three processes. Cargo starts the *runner*, which only waits. Its child, the *janitor*,
//! runs in a separate process group. It enters the namespaces, starts the program in the runner's group,
//! and cleans up the program's leftover processes, even if the runner is killed. Everything the sandbox
//! creates lives in its namespaces and in memory, so it disappears with the last process.

mod enter;
mod janitor;
mod postgres;

use std::convert::Infallible;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::Result;

use crate::hosts;
use crate::part::Part;
use crate::plan::{Plan, Refusal};
use crate::trace::recorder::Recorder;

pub(crate) use self::postgres::prepare::prepare;

impl Plan {
    pub(crate) fn has(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }

    /// Tries the plan, dropping the parts that the system refuses.
    fn without_refused<T>(
        &self,
        mut attempt: impl FnMut(&Plan) -> Result<Result<T, Refusal>>,
    ) -> Result<(T, Plan, Vec<Refusal>)> {
        let (mut plan, mut refused) = (self.clone(), Vec::new());
        loop {
            match attempt(&plan)? {
                Ok(value) => return Ok((value, plan, refused)),
                Err(refusal) => {
                    plan.parts.retain(|part| !refusal.parts.contains(part));
                    refused.push(refusal);
                }
            }
        }
    }
}

/// Probes in temporary processes which parts the system allows.
pub(crate) fn probe(plan: &Plan) -> Result<(Vec<Part>, Vec<Refusal>)> {
    let ((), plan, refused) = plan.without_refused(janitor::probe)?;
    Ok((plan.parts, refused))
}

/// Runs a program in a sandbox and exits with its status.
pub(crate) fn run(plan: &Plan, mut command: Command, recorder: &Recorder) -> Result<Infallible> {
    hosts::keep_apart(&mut command);
    let (status, _, _) = plan.without_refused(|plan| {
        let ended = janitor::run(plan, &mut command, recorder)?;
        if let Err(refusal) = &ended {
            eprintln!("{refusal}");
        }
        Ok(ended)
    })?;
    recorder.end(status.success());
    janitor::exit_like(status)
}

/// The parts without which a server of PostgreSQL would not be that of one test alone.
pub(crate) const POSTGRES_NEEDS: [Part; 3] = [Part::Network, Part::Ipc, Part::Tmp];

/// Runs a command in place of this process.
pub(crate) fn replace(command: &mut Command) -> io::Error {
    command.exec()
}
