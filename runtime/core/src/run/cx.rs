//! The source from which a wrapper binds the parameters of a test.

use crate::resource::Resource;
use crate::resource::context::{Current, Value};
use crate::resource::namespace::Namespace;
use crate::resource::port::Port;
use crate::resource::tmpdir::TmpDir;

/// The resources from which a wrapper binds the parameters of a test.
#[derive(Debug)]
pub struct Cx {
    current: Current,
}

impl Cx {
    pub(crate) fn new(current: Current) -> Self {
        Cx { current }
    }

    pub(crate) fn current(&self) -> &Current {
        &self.current
    }

    pub(crate) fn drop_slot(&mut self, index: usize) {
        self.current.drop_slot(index);
    }

    /// Returns the `port`.
    #[must_use]
    pub fn port(&self, index: usize) -> &Port {
        &self.reserved(index)[0]
    }

    /// Returns the ports of `port(count = N)`.
    #[must_use]
    pub fn ports<const N: usize>(&self, index: usize) -> &[Port; N] {
        let ports = self.reserved(index).try_into();
        ports.unwrap_or_else(|_| self.mismatch(index))
    }

    /// Returns the `tmpdir`.
    #[must_use]
    pub fn tmpdir(&self, index: usize) -> &TmpDir {
        match self.current.value_at(index) {
            Some(Value::TmpDir(dir)) => dir,
            _ => self.mismatch(index),
        }
    }

    /// Returns the `namespace`.
    #[must_use]
    pub fn namespace(&self, index: usize) -> &Namespace {
        match self.current.value_at(index) {
            Some(Value::Namespace(namespace)) => namespace,
            _ => self.mismatch(index),
        }
    }

    /// Returns the `seed`.
    #[must_use]
    pub fn seed(&self, index: usize) -> u64 {
        match self.current.value_at(index) {
            Some(Value::Seed(seed)) => *seed,
            _ => self.mismatch(index),
        }
    }

    /// Lends the handle of a custom resource.
    pub fn custom_ref<R: Resource>(&self, index: usize, _witness: &impl Fn() -> R) -> &R::Handle {
        let handle = self.current.slots()[index].shared.get();
        handle
            .and_then(|handle| handle.downcast_ref())
            .unwrap_or_else(|| self.mismatch(index))
    }

    /// Lends the handle of a custom resource to the expressions for the surroundings of the test.
    ///
    /// # Panics
    ///
    /// Panics when the resource is provisioned in the test's subprocess, which does not run yet.
    pub fn custom_lent<R: Resource>(&self, index: usize, _witness: &impl Fn() -> R) -> &R::Handle {
        let handle = self.current.slots()[index].shared.get();
        handle
            .and_then(|handle| handle.downcast_ref())
            .unwrap_or_else(|| {
                let name = self
                    .current
                    .values()
                    .nth(index)
                    .map_or("", |(name, _)| name);
                panic!(
                    "`{name}` is provisioned in the process of the test, which does not run yet; \
                     implement `Resource::transfer` for it"
                )
            })
    }

    /// Moves the handle of a custom resource out.
    pub fn custom_value<R: Resource>(&self, index: usize, _witness: &impl Fn() -> R) -> R::Handle {
        let handle = self.current.slots()[index].moved.take();
        handle
            .and_then(|handle| handle.downcast().ok())
            .map_or_else(|| self.mismatch(index), |handle| *handle)
    }

    fn reserved(&self, index: usize) -> &[Port] {
        match self.current.value_at(index) {
            Some(Value::Ports(ports)) => ports,
            _ => self.mismatch(index),
        }
    }

    /// The attribute binds a resource as another kind than the one it wrote into the `Spec`.
    fn mismatch(&self, index: usize) -> ! {
        unreachable!(
            "resource {index} of {} is bound as what it is not",
            self.current.name()
        )
    }
}
