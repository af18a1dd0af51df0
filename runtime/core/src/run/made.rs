//! The values of a test, which the expressions of `name = value(...)` yield when its body begins.
//!
//! A value is part of the set-up: if it cannot be made, the test fails even if it expects a panic. The
//! attributes between the test and its body may replace or swallow the panic that ends the body, so
//! the context of the test remembers which value could not be made.

use std::fmt::Debug;
use std::future::Future;
use std::mem;
use std::panic::resume_unwind;

use crate::error::{Error, ErrorKind, panic_message};
use crate::report;
use crate::resource::body::{BodyStage, Unmade};
use crate::run::cx::Cx;
use crate::run::end::End;

/// The error of a value as text, in the form in which the test runner prints a returned error.
///
/// It has no `Debug` of its own, so that every error that a test may return converts into it.
pub struct NotMade(pub(super) String);

impl<E: Debug> From<E> for NotMade {
    fn from(error: E) -> Self {
        NotMade(format!("{error:?}"))
    }
}

/// A value or an asynchronous resource that is being made. Dropped before it is made, it is
/// remembered as the one that could not be made.
pub(super) struct Making<'a> {
    cx: &'a Cx,
    unmade: Unmade,
}

impl Drop for Making<'_> {
    fn drop(&mut self) {
        self.cx.current.body().set_unmade(self.unmade);
    }
}

impl Making<'_> {
    /// Takes what was made, or ends the body.
    pub(super) fn end<T>(self, made: Result<T, NotMade>) -> T {
        match made {
            Ok(value) => {
                mem::forget(self);
                value
            }
            // `resume_unwind` runs no panic hook, so the reason is printed only once.
            Err(NotMade(why)) => resume_unwind(Box::new(why)),
        }
    }
}

impl Cx {
    /// Makes a value.
    ///
    /// # Panics
    ///
    /// Panics when it cannot be made.
    pub fn make<T>(&self, name: &'static str, make: impl FnOnce() -> Result<T, NotMade>) -> T {
        self.making("make", name).end(make())
    }

    /// Makes a value asynchronously.
    ///
    /// # Panics
    ///
    /// Panics when it cannot be made.
    pub async fn make_async<T>(
        &self,
        name: &'static str,
        make: impl Future<Output = Result<T, NotMade>>,
    ) -> T {
        let making = self.making("make", name);
        making.end(make.await)
    }

    /// Begins to make something. `action` is worded to fit between "failed to" and the name.
    pub(super) fn making(&self, action: &'static str, name: &'static str) -> Making<'_> {
        let unmade = Unmade { action, name };
        Making { cx: self, unmade }
    }

    /// The end of the body, which is that of the set-up if something could not be made.
    pub(crate) fn unless_unmade(&self, end: End) -> End {
        let Some(Unmade { action, name }) = self.current.body().unmade() else {
            return end;
        };
        if let Some(reason) = self.current.body().skipped() {
            return End::Skipped(reason.to_owned());
        }
        let why = match &end {
            End::Panicked(payload) => panic_message(payload),
            End::Returned { .. } | End::Died(_) | End::Skipped(_) => None,
        };
        // A body that is over is one that panicked, even if an attribute has caught that.
        let is_dropped = self.current.body().stage() == BodyStage::Running;
        let otherwise = if is_dropped {
            report::DROPPED
        } else {
            "it panicked"
        };
        let why = why.unwrap_or(otherwise).to_owned();
        // An attribute that expects a panic with some text sees only the message, without the cause.
        let error = Error::new(ErrorKind::Resource, format!("{action} `{name}`")).because(why);
        End::Died(error.into())
    }
}
