//! The asynchronous resources of a test.
//!
//! The closure that calls the function as written provisions them, in the runtime of the test, and
//! puts everything that follows into one future for each. So they are released in the same runtime,
//! however that future ends. The driver learns only which one could not be provisioned or released.

use std::any::Any;
use std::fmt;
use std::future::{Future, poll_fn};
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::process::ExitCode;

use crate::error::{BoxError, chain, panic_message};
use crate::report;
use crate::resource::{AsyncResource, Outcome, Skip};
use crate::run::cx::Cx;
use crate::run::driver::poll_inside;
use crate::run::end::End;
use crate::run::made::NotMade;
use crate::run::resources::failed_to;
use crate::run::short::poll_short;

/// An asynchronous resource that is provisioned. Dropped with the future of the test, it is not
/// released.
#[must_use = "the resource has to be released"]
pub struct Provisioned<'r> {
    cx: &'r Cx,
    name: &'static str,
    resource: Box<dyn Release + 'r>,
    is_described: bool,
}

/// An [`AsyncResource`] that is provisioned, with its type erased.
trait Release {
    fn release(&mut self, outcome: Outcome) -> Released<'_>;
    fn describe(&self) -> Option<String>;
}

type Released<'r> = Pin<Box<dyn Future<Output = Result<(), BoxError>> + 'r>>;

impl<R: AsyncResource> Release for R {
    fn release(&mut self, outcome: Outcome) -> Released<'_> {
        Box::pin(AsyncResource::release(self, outcome))
    }

    fn describe(&self) -> Option<String> {
        AsyncResource::describe(self)
    }
}

impl Cx {
    /// Makes an asynchronous resource and provisions it.
    ///
    /// # Panics
    ///
    /// Panics when it cannot be made or provisioned.
    pub async fn provision<'r, R: AsyncResource + 'r>(
        &'r self,
        name: &'static str,
        make: impl Future<Output = Result<R, NotMade>>,
    ) -> (Provisioned<'r>, R::Handle) {
        let making = self.making("provision the resource", name);
        let provisioned = self.providing(async {
            let mut resource = make.await?;
            let handle = resource.provision(&self.current).await;
            let handle = handle.map_err(|error| {
                if let Some(reason) = Skip::reason_of(&*error) {
                    self.current.body().set_skipped(reason);
                }
                NotMade(chain(&*error))
            })?;
            Ok((resource, handle))
        });
        let (resource, handle) = making.end(provisioned.await);
        let provisioned = Provisioned {
            cx: self,
            name,
            resource: Box::new(resource),
            is_described: false,
        };
        (provisioned, handle)
    }

    /// Polls code of a resource. Within a poll, the test may wait for internal keys only.
    async fn providing<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        poll_fn(|context| {
            let _providing = self.current.owner().provide();
            future.as_mut().poll(context)
        })
        .await
    }

    /// The outcome of the part of the body that has ended.
    fn outcome(&self, end: &End) -> Outcome {
        let body = self.current.body();
        match (body.skipped(), body.unmade()) {
            (Some(_), _) => Outcome::Passed,
            (None, Some(_)) => Outcome::Failed,
            (None, None) => end.outcome(body.should_panic),
        }
    }
}

impl Provisioned<'_> {
    /// Polls the rest of the body, which has the handle, and then releases the resource. The rest
    /// returns whether it passed, and its value.
    ///
    /// # Panics
    ///
    /// Resumes the panic of the rest.
    pub async fn release_after<T>(mut self, rest: impl Future<Output = (bool, T)>) -> (bool, T) {
        let current = &self.cx.current;
        let mut value = None;
        let rest = Box::pin(async {
            let (passed, returned) = poll_short(rest).await;
            value = Some(returned);
            passed
        });
        let end = poll_inside(current, rest).await;
        let outcome = self.cx.outcome(&end);
        if outcome == Outcome::Failed {
            self.describe();
        }
        self.is_described = true;

        let mut released = Ok(());
        let release = Box::pin(async {
            released = self.cx.providing(self.resource.release(outcome)).await;
            true
        });
        if let End::Panicked(payload) = poll_inside(current, release).await {
            let message = panic_message(&payload).unwrap_or("it panicked");
            released = Err(message.to_owned().into());
        }
        if let Err(cause) = released {
            report::error(current.name(), &failed_to("release", self.name, cause));
            current.body().set_unclean();
        }
        match (end, value) {
            (End::Returned { passed }, Some(value)) => (passed, value),
            (End::Panicked(payload), _) => resume_unwind(payload),
            (End::Returned { .. } | End::Died(_) | End::Skipped(_), _) => {
                unreachable!("a body returns or panics")
            }
        }
    }

    /// The same after the rest of a body that never returns.
    ///
    /// # Panics
    ///
    /// Resumes the panic of the rest.
    pub async fn release_after_panic<T>(self, rest: impl Future<Output = T>) -> T {
        let (_, never) = self.release_after(async { (true, rest.await) }).await;
        never
    }

    /// Remembers the description for the report of the failed test.
    fn describe(&self) {
        let described = catch_unwind(AssertUnwindSafe(|| self.resource.describe()));
        let description = described.ok().flatten();
        let line = description.map_or_else(
            || self.name.to_owned(),
            |description| format!("{} = {description}", self.name),
        );
        self.cx.current.body().describe(line);
    }
}

impl Drop for Provisioned<'_> {
    fn drop(&mut self) {
        if !self.is_described {
            self.describe();
        }
    }
}

impl fmt::Debug for Provisioned<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Provisioned")
            .field(&self.name)
            .finish()
    }
}

/// The value of a function, while it still belongs to the test attribute. An error is a failure; for
/// other values, method lookup falls through to `Other` by dereferencing.
#[derive(Debug)]
pub struct Returned<'v, T>(Other<'v, T>);

/// The value of a function that is no `Result`, or the value in one.
#[derive(Debug)]
pub struct Other<'v, T>(&'v T);

impl<'v, T> Returned<'v, T> {
    /// Borrows the value.
    pub fn new(value: &'v T) -> Self {
        Returned(Other(value))
    }
}

impl<T: 'static, E> Returned<'_, Result<T, E>> {
    /// Whether the function passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        let Returned(Other(result)) = self;
        result.as_ref().is_ok_and(|value| Other(value).passed())
    }
}

impl<T: 'static> Other<'_, T> {
    /// Whether the function passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        let value: &dyn Any = self.0;
        let code = value.downcast_ref::<ExitCode>();
        code.is_none_or(|code| *code == ExitCode::SUCCESS)
    }
}

impl<'v, T> Deref for Returned<'v, T> {
    type Target = Other<'v, T>;

    fn deref(&self) -> &Other<'v, T> {
        &self.0
    }
}
