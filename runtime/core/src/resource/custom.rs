//! Custom resources with their types erased.

use std::any::Any;
use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use super::{Outcome, Resource};
use crate::error::BoxError;
use crate::resource::context::Current;

/// The expression of one custom resource, evaluated when its turn comes.
pub struct Custom<'a> {
    /// Evaluates the expression.
    pub(crate) make: Box<dyn Fn() -> Box<dyn Provider + 'a> + 'a>,
    /// Whether the handle can be transferred to another process.
    pub(crate) has_transfer: fn() -> bool,
    /// Reads the handle that the parent wrote.
    pub(crate) receive: fn(&str, bool, &CustomSlot) -> Result<(), BoxError>,
}

/// Wraps the expression of a custom resource.
pub fn custom<'a, R: Resource + 'a>(make: &'a impl Fn() -> R) -> Custom<'a> {
    Custom {
        make: Box::new(move || Box::new(make())),
        has_transfer: || R::transfer().way.is_some(),
        receive: receive::<R>,
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
        let handle: &R::Handle = slot.shared.get()?.downcast_ref()?;
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
    /// A handle that parameters borrow.
    pub(crate) shared: OnceCell<Rc<dyn Any>>,
    /// A handle that a parameter takes by value.
    pub(crate) moved: Cell<Option<Box<dyn Any>>>,
}

impl CustomSlot {
    /// Stores a handle.
    fn put<H: 'static>(&self, handle: H, by_value: bool) {
        if by_value {
            self.moved.set(Some(Box::new(handle)));
        } else {
            let _ = self.shared.set(Rc::new(handle));
        }
    }
}
