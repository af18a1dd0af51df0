//! The custom resources that a process provisions for a test. Their code is the user's and may
//! panic.

use std::error::Error as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{BoxError, Error, ErrorKind, panic_message};
use crate::report;
use crate::resource::current::Current;
use crate::resource::custom::{Custom, CustomSlot, Provider, SharedHandle};
use crate::resource::request::Request;
use crate::resource::{Outcome, Skip};
use crate::run::cx::Cx;
use crate::run::spec::Spec;
use crate::trace::{PROVISION, RELEASE, Trace};

/// A test and its custom resources, in the process that runs its body or in the parent of that one.
pub(crate) struct Resources<'a> {
    pub(crate) spec: &'static Spec,
    // Fields drop in this order.
    /// The provisioned resources, with their indices.
    providers: Vec<(usize, Box<dyn Provider + 'a>)>,
    pub(crate) cx: Cx,
    pub(crate) trace: Trace,
}

impl<'a> Resources<'a> {
    pub(crate) fn new(spec: &'static Spec, current: Current, trace: Trace) -> Self {
        Resources {
            spec,
            providers: Vec::new(),
            cx: Cx::new(current),
            trace,
        }
    }

    /// Provisions a resource. Returns its handle for other threads, if they may use it.
    pub(crate) fn provision(
        &mut self,
        index: usize,
        custom: &Custom<'a>,
        by_value: bool,
    ) -> Result<Option<SharedHandle>, Error> {
        let name = self.spec.resources[index].name;
        let provider = self.provide(index, |current, slot| {
            self.trace.during(PROVISION, name, || {
                let mut provider = (custom.make)();
                provider.provision(current, by_value, slot)?;
                Ok(provider)
            })
        })?;
        self.providers.push((index, provider));
        Ok((custom.share)(&self.cx.current.slots()[index]))
    }

    /// Reads the handle of a resource that the parent has provisioned.
    pub(crate) fn receive(
        &self,
        index: usize,
        custom: &Custom<'a>,
        text: &str,
        by_value: bool,
    ) -> Result<Option<SharedHandle>, Error> {
        self.provide(index, |_, slot| {
            (custom.receive)(text, by_value, slot)?;
            Ok((custom.share)(slot))
        })
    }

    fn provide<T>(
        &self,
        index: usize,
        act: impl FnOnce(&Current, &CustomSlot) -> Result<T, BoxError>,
    ) -> Result<T, Error> {
        let current = &self.cx.current;
        let _entered = current.enter_thread();
        let _providing = current.owner().provide();
        attempt("provision", &self.spec.resources[index], || {
            act(current, &current.slots()[index])
        })
    }

    /// The handle of a resource as text, if this process has provisioned it and it can be
    /// transferred.
    pub(crate) fn written(&self, index: usize) -> Result<Option<String>, Error> {
        let mut providers = self.providers.iter();
        let Some((_, provider)) = providers.find(|(other, _)| *other == index) else {
            return Ok(None);
        };
        let current = &self.cx.current;
        let _entered = current.enter_thread();
        attempt("write", &self.spec.resources[index], || {
            Ok(provider.write(&current.slots()[index]))
        })
    }

    /// Describes the resources for the report of a failure. Asynchronous ones come after all others.
    pub(crate) fn described(&self) -> Vec<(usize, String)> {
        let describe = |(index, provider): &(usize, Box<dyn Provider + 'a>)| {
            let described = catch_unwind(AssertUnwindSafe(|| provider.describe()));
            Some((*index, described.ok()??))
        };
        let mut described: Vec<_> = self.providers.iter().filter_map(describe).collect();
        let awaited = self.cx.current.body().described().into_iter();
        described.extend(awaited.map(|line| (self.spec.resources.len(), line)));
        described
    }

    /// Releases a resource if this process has provisioned it.
    pub(crate) fn release(&mut self, index: usize, outcome: Outcome) -> Result<(), Error> {
        let mut providers = self.providers.iter();
        let Some(at) = providers.position(|(other, _)| *other == index) else {
            return Ok(());
        };
        let (_, mut provider) = self.providers.remove(at);
        let request = &self.spec.resources[index];
        attempt("release", request, || {
            self.cx.current.drop_custom(index);
            let _entered = self.cx.current.handle().enter();
            let _providing = self.cx.current.owner().provide();
            let release = || provider.release(outcome);
            self.trace.during(RELEASE, request.name, release)
        })
    }

    /// Releases by `release` what each request of the test was given, in reverse order, and then the
    /// directories that the test has adopted. Reports the errors. Returns whether everything was
    /// released, including asynchronous resources, which were released before.
    pub(crate) fn release_all(
        &mut self,
        outcome: Outcome,
        mut release: impl FnMut(&mut Self, usize, &'static Request) -> Result<(), Error>,
    ) -> bool {
        let mut is_clean = !self.cx.current.body().is_unclean();
        for (index, request) in self.spec.resources.iter().enumerate().rev() {
            if let Err(error) = release(self, index, request) {
                report::error(self.cx.current.name(), &error);
                is_clean = false;
            }
        }
        if self.cx.current.adopted().is_empty() {
            return is_clean;
        }
        for dir in self.cx.current.take_adopted() {
            if let Err(error) = dir.finish(outcome) {
                report::error(self.cx.current.name(), &error);
                is_clean = false;
            }
        }
        is_clean
    }
}

/// Runs code of the user. Converts its error or panic into an [`Error`].
fn attempt<T>(
    verb: &str,
    request: &Request,
    act: impl FnOnce() -> Result<T, BoxError>,
) -> Result<T, Error> {
    let result = catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|payload| {
        let message = panic_message(&payload).unwrap_or("it panicked");
        Err(message.to_owned().into())
    });
    result.map_err(|cause| failed_to(verb, request.name, cause))
}

/// The reason of the resource that has skipped the test, if that is the error.
pub(crate) fn skipped_by(error: &Error) -> Option<&str> {
    error.source().and_then(Skip::reason_of)
}

/// The error of a resource.
pub(super) fn failed_to(verb: &str, name: &str, cause: BoxError) -> Error {
    let action = format!("{verb} the resource `{name}`");
    Error::new(ErrorKind::Resource, action).because(cause)
}
