//! Custom resources with their types erased.

use std::any::Any;
use std::cell::{Cell, OnceCell};
use std::ops::Deref;
use std::sync::Arc;

use super::{Outcome, Resource};
use crate::error::BoxError;
use crate::resource::current::Current;

/// The expression of one custom resource, evaluated when its turn comes.
pub struct Custom<'a> {
    /// Evaluates the expression.
    pub(crate) make: Box<dyn Fn() -> Box<dyn Provider + 'a> + 'a>,
    /// Whether the handle can be transferred to another process.
    pub(crate) has_transfer: fn() -> bool,
    /// Reads the handle that the parent wrote.
    pub(crate) receive: fn(&str, bool, &CustomSlot) -> Result<(), BoxError>,
    /// Returns the handle in a slot for other threads, if its type allows that.
    pub(crate) share: fn(&CustomSlot) -> Option<SharedHandle>,
}

/// A handle that all threads may use, with the type erased.
pub(crate) type SharedHandle = Arc<dyn Any + Send + Sync>;

/// Wraps the expression of a custom resource whose handle all threads may use.
///
/// For handles that are not `Send` and `Sync`, method lookup falls through to [`LocalMaker::custom`]
/// by dereferencing.
#[derive(Debug)]
pub struct Maker<'a, F>(LocalMaker<'a, F>);

/// Wraps the expression of a custom resource.
#[derive(Debug)]
pub struct LocalMaker<'a, F>(&'a F);

impl<'a, F> Maker<'a, F> {
    /// Takes the closure that evaluates the expression.
    pub fn new(make: &'a F) -> Self {
        Maker(LocalMaker(make))
    }
}

impl<'a, F, R> Maker<'a, F>
where
    F: Fn() -> R,
    R: Resource<Handle: Send + Sync> + 'a,
{
    /// Wraps the expression.
    #[must_use]
    pub fn custom(&self) -> Custom<'a> {
        Custom {
            share: |slot| Some(slot.lent::<R::Handle>()?.clone()),
            ..self.0.custom()
        }
    }
}

impl<'a, F> LocalMaker<'a, F> {
    /// Wraps the expression.
    #[must_use]
    pub fn custom<R: Resource + 'a>(&self) -> Custom<'a>
    where
        F: Fn() -> R,
    {
        let make = self.0;
        Custom {
            make: Box::new(move || Box::new(make())),
            has_transfer: || R::transfer().way.is_some(),
            receive: receive::<R>,
            share: |_| None,
        }
    }
}

impl<'a, F> Deref for Maker<'a, F> {
    type Target = LocalMaker<'a, F>;

    fn deref(&self) -> &LocalMaker<'a, F> {
        &self.0
    }
}

fn receive<R: Resource>(text: &str, by_value: bool, slot: &CustomSlot) -> Result<(), BoxError> {
    if let Some(way) = R::transfer().way {
        slot.put((way.read)(text)?, by_value);
    }
    Ok(())
}

impl std::fmt::Debug for Custom<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Custom")
    }
}

/// A [`Resource`] with its types erased.
pub(crate) trait Provider {
    /// Provisions the resource and stores its handle.
    fn provision(
        &mut self,
        test: &Current,
        by_value: bool,
        slot: &CustomSlot,
    ) -> Result<(), BoxError>;
    /// Writes the handle as text for another process, if it has a transfer.
    fn write(&self, slot: &CustomSlot) -> Option<String>;
    /// Releases the resource.
    fn release(&mut self, outcome: Outcome) -> Result<(), BoxError>;
    /// Describes the resource.
    fn describe(&self) -> Option<String>;
}

impl<R: Resource> Provider for R {
    fn provision(
        &mut self,
        test: &Current,
        by_value: bool,
        slot: &CustomSlot,
    ) -> Result<(), BoxError> {
        slot.put(Resource::provision(self, test)?, by_value);
        Ok(())
    }

    fn write(&self, slot: &CustomSlot) -> Option<String> {
        let handle = slot.lent::<R::Handle>()?;
        R::transfer().way.map(|way| (way.write)(handle))
    }

    fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
        Resource::release(self, outcome)
    }

    fn describe(&self) -> Option<String> {
        Resource::describe(self)
    }
}

/// Stores the handle of one resource until the test gets it.
#[derive(Default)]
pub(crate) struct CustomSlot {
    /// An `Arc` of a handle that parameters borrow.
    lent: OnceCell<Box<dyn Any>>,
    /// A handle that one parameter takes, by value or as `&mut`.
    pub(crate) moved: Cell<Option<Box<dyn Any>>>,
}

impl CustomSlot {
    /// Stores a handle.
    fn put<H: 'static>(&self, handle: H, by_value: bool) {
        if by_value {
            self.moved.set(Some(Box::new(handle)));
        } else {
            let _ = self.lent.set(Box::new(Arc::new(handle)));
        }
    }

    /// The handle, if it has this type and no parameter takes it.
    pub(crate) fn lent<H: 'static>(&self) -> Option<&Arc<H>> {
        self.lent.get()?.downcast_ref()
    }
}
