//! The user's own resources, without their types.

use std::any::Any;
use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use super::{Outcome, Resource};
use crate::current::Current;
use crate::error::BoxError;

/// The expression of one resource of the user's own, to be evaluated when its turn comes.
pub struct Own<'a> {
    make: Box<dyn Fn() -> Box<dyn Provider + 'a> + 'a>,
}

/// Wraps the expression of a resource of the user's own.
pub fn own<'a, R: Resource + 'a>(make: &'a impl Fn() -> R) -> Own<'a> {
    Own {
        make: Box::new(move || Box::new(make())),
    }
}

impl<'a> Own<'a> {
    /// Evaluates the expression.
    pub(crate) fn make(&self) -> Box<dyn Provider + 'a> {
        (self.make)()
    }
}

impl std::fmt::Debug for Own<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Own")
    }
}

/// A [`Resource`] whose types are hidden.
pub(crate) trait Provider {
    /// Provisions the resource and puts its handle away.
    fn provision(&mut self, test: &Current, by_value: bool, slot: &OwnSlot)
    -> Result<(), BoxError>;
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
        slot: &OwnSlot,
    ) -> Result<(), BoxError> {
        let handle = Resource::provision(self, test)?;
        if by_value {
            slot.moved.set(Some(Box::new(handle)));
        } else {
            let _ = slot.shared.set(Rc::new(handle));
        }
        Ok(())
    }

    fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
        Resource::release(self, outcome)
    }

    fn describe(&self) -> Option<String> {
        Resource::describe(self)
    }
}

/// Where the handle of one resource is until the test has it.
#[derive(Default)]
pub(crate) struct OwnSlot {
    /// A handle that is borrowed.
    pub(crate) shared: OnceCell<Rc<dyn Any>>,
    /// A handle that is taken.
    pub(crate) moved: Cell<Option<Box<dyn Any>>>,
}

impl std::fmt::Debug for OwnSlot {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("OwnSlot")
    }
}
