//! The resources of a running test: provisioned in the order in which they are written, and given
//! back in the reverse order.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::Session;
use crate::error::Error;
use crate::report;
use crate::resource::context::Value;
use crate::resource::custom::Custom;
use crate::resource::namespace::Namespace;
use crate::resource::port::Port;
use crate::resource::request::{Kind, Request};
use crate::resource::tmpdir::TmpDir;
use crate::resource::{Outcome, attempt, seed};
use crate::run::observe::patience;
use crate::run::process::network::Network;
use crate::trace::{PROVISION, RELEASE};

impl<'a> Session<'a> {
    /// Provisions all resources in source order.
    pub(super) fn provision(
        &mut self,
        custom: &mut [Custom<'a>],
        network: &Network,
    ) -> Result<(), Error> {
        let mut customs = custom.iter();
        let mut seeds = 0;
        for (index, request) in self.spec.resources.iter().enumerate() {
            let value = match request.kind {
                Kind::Port(protocol, count) => {
                    let reserve = || (0..count).map(|_| Port::reserve_free(protocol)).collect();
                    let ports: Result<_, Error> =
                        self.trace.during(PROVISION, request.name, reserve);
                    Value::Ports(ports?)
                }
                Kind::FixedPort(protocol, number) => {
                    let hold = || {
                        if network.is_own() {
                            return Ok(Port::elsewhere(number, protocol));
                        }
                        Port::fixed(number, protocol, patience()?, &mut |taken| {
                            report::port_is_taken(self.activity.name(), number, taken);
                        })
                    };
                    Value::Ports(vec![self.trace.during(PROVISION, request.name, hold)?])
                }
                Kind::TmpDir { from, keep } => {
                    let test = self.cx.current().runner_name();
                    let from = from.map(|from| self.spec.place.in_package(Path::new(from)));
                    let create = || TmpDir::create(test, from.as_deref(), keep);
                    Value::TmpDir(self.trace.during(PROVISION, request.name, create)?)
                }
                Kind::Namespace => Value::Namespace(Namespace::new()),
                Kind::Seed => {
                    let base = match self.seed {
                        Some(base) => base,
                        None => *self.seed.insert(seed::base()?),
                    };
                    seeds += 1;
                    Value::Seed(seed::nth(base, seeds - 1))
                }
                Kind::Custom { by_value } => {
                    match customs.next() {
                        Some(custom) if self.in_subprocess => {
                            if let Some(writer) = custom.writer() {
                                self.provision_custom(index, request, custom, false)?;
                                self.writers.push((index, writer));
                            }
                        }
                        Some(custom) => self.provision_custom(index, request, custom, by_value)?,
                        None => {}
                    }
                    Value::Custom
                }
            };
            self.cx.current().provide(index, value);
        }
        Ok(())
    }

    /// Provisions a custom resource, whose code may panic.
    fn provision_custom(
        &mut self,
        index: usize,
        request: &Request,
        custom: &Custom<'a>,
        by_value: bool,
    ) -> Result<(), Error> {
        let current = self.cx.current();
        let result = {
            let _entered = current.enter_thread();
            let _providing = current.owner().provide();
            catch_unwind(AssertUnwindSafe(|| {
                self.trace.during(PROVISION, request.name, || {
                    let mut provider = custom.make();
                    provider
                        .provision(current, by_value, &current.slots()[index])
                        .map(|()| provider)
                })
            }))
        };
        let provider = attempt("provision", request, result)?;
        self.providers.push((index, provider));
        Ok(())
    }

    /// Releases everything in reverse order. Returns whether nothing failed.
    pub(super) fn close(&mut self, outcome: Outcome) -> bool {
        self.is_open = false;
        let mut is_clean = true;
        for index in (0..self.spec.resources.len()).rev() {
            let request = &self.spec.resources[index];
            let result = match self.cx.current().value_at(index) {
                Some(Value::Ports(ports)) => self.trace.during(RELEASE, request.name, || {
                    for port in ports {
                        port.give_back();
                    }
                    Ok(())
                }),
                Some(Value::TmpDir(dir)) => {
                    let finish = || dir.finish(outcome);
                    self.trace.during(RELEASE, request.name, finish)
                }
                Some(Value::Custom) => self.release_own(index, request, outcome),
                Some(Value::Namespace(_) | Value::Seed(_)) | None => Ok(()),
            };
            if let Err(error) = result {
                report::error(self.activity.name(), &error);
                is_clean = false;
            }
        }
        for dir in self.cx.current().take_adopted() {
            if let Err(error) = dir.finish(outcome) {
                report::error(self.activity.name(), &error);
                is_clean = false;
            }
        }
        // Clear the published claims before releasing the locks.
        self.activity.clear();
        // Release the locks in reverse order.
        while let Some(held) = self.held.pop() {
            self.trace.free(held.want());
            drop(held);
        }
        self.trace.end(if is_clean && self.was_clean {
            outcome
        } else {
            Outcome::Failed
        });
        is_clean
    }

    /// Releases a custom resource, whose code may panic.
    fn release_own(
        &mut self,
        index: usize,
        request: &Request,
        outcome: Outcome,
    ) -> Result<(), Error> {
        // Providers are sorted by index, and the caller goes through the indices in reverse.
        if self.providers.last().is_none_or(|(last, _)| *last != index) {
            return Ok(());
        }
        let Some((_, mut provider)) = self.providers.pop() else {
            return Ok(());
        };
        let result = catch_unwind(AssertUnwindSafe(|| {
            self.cx.drop_slot(index);
            let _entered = self.cx.current().handle().enter();
            let _providing = self.cx.current().owner().provide();
            let release = || provider.release(outcome);
            self.trace.during(RELEASE, request.name, release)
        }));
        attempt("release", request, result)
    }
}
