//! A running test, as its own thread sees it.

use std::fmt;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

use super::context::TestHandle;
use super::custom::CustomSlot;
use super::value::Value;
use crate::mutex::lock;

/// The isolated test that runs in this thread, with all its resources.
///
/// Dereferences to [`TestHandle`], which provides everything that other threads may use too.
#[derive(Clone)]
pub struct Current {
    handle: TestHandle,
    slots: Rc<Vec<CustomSlot>>,
}

impl Current {
    /// The test as seen by a thread that has no handles of custom resources.
    pub(crate) fn elsewhere(handle: TestHandle) -> Self {
        let slots = handle.values().map(|_| CustomSlot::default()).collect();
        Current {
            slots: Rc::new(slots),
            handle,
        }
    }

    /// Returns a handle that can be sent to other threads.
    #[must_use]
    pub fn handle(&self) -> TestHandle {
        self.handle.clone()
    }

    /// Returns the handle of a custom resource, of any type.
    ///
    /// Returns `None` if the attribute does not name the resource, if it is not provisioned yet, if
    /// the handle has another type, or if a parameter takes it by value or as `&mut`. A thread that used
    /// [`TestHandle::enter`] gets `None` too, and calls [`TestHandle::get_named`] instead.
    #[must_use]
    pub fn resource<H: 'static>(&self, name: &str) -> Option<Arc<H>> {
        let at = self.handle.values().position(|(other, _)| other == name)?;
        self.slots[at].lent().cloned()
    }

    /// The slots of the handles of custom resources.
    pub(crate) fn slots(&self) -> &[CustomSlot] {
        &self.slots
    }

    /// Drops the handle of a custom resource, unless a clone of this context shares it.
    pub(crate) fn drop_custom(&mut self, index: usize) {
        if let Some(Value::Custom(shared)) = self.handle.value_at(index) {
            let _ = lock(shared).take();
        }
        if let Some(slots) = Rc::get_mut(&mut self.slots) {
            slots[index] = CustomSlot::default();
        }
    }
}

impl Deref for Current {
    type Target = TestHandle;

    fn deref(&self) -> &TestHandle {
        &self.handle
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Current")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}
