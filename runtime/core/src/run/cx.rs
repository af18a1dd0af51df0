//! The source from which a wrapper binds the parameters of a test.

use crate::resource::Resource;
use crate::resource::current::Current;
use crate::resource::namespace::Namespace;
use crate::resource::port::Port;
use crate::resource::tmpdir::TmpDir;
use crate::resource::value::Value;

/// The resources from which a wrapper binds the parameters of a test.
#[derive(Debug)]
pub struct Cx {
    pub(crate) current: Current,
}

impl Cx {
    pub(crate) fn new(current: Current) -> Self {
        Cx { current }
    }

    /// Returns the `port`.
    #[must_use]
    pub fn port(&self, index: usize) -> &Port {
        &self.bound(index, Value::ports)[0]
    }

    /// Returns the ports of `port(count = N)`.
    #[must_use]
    pub fn ports<const N: usize>(&self, index: usize) -> &[Port; N] {
        self.bound(index, |value| value.ports()?.try_into().ok())
    }

    /// Returns the `tmpdir`.
    #[must_use]
    pub fn tmpdir(&self, index: usize) -> &TmpDir {
        self.bound(index, Value::tmpdir)
    }

    /// Returns the `namespace`.
    #[must_use]
    pub fn namespace(&self, index: usize) -> &Namespace {
        self.bound(index, Value::namespace)
    }

    /// Returns the `seed`.
    #[must_use]
    pub fn seed(&self, index: usize) -> u64 {
        self.bound(index, Value::seed)
    }

    /// Returns the item of a `pool`.
    #[must_use]
    pub fn item(&self, index: usize) -> &'static str {
        self.bound(index, Value::item)
    }

    /// Lends the handle of a custom resource.
    pub fn custom_ref<R: Resource>(&self, index: usize, _witness: &impl Fn() -> R) -> &R::Handle {
        self.shared(index).unwrap_or_else(|| self.mismatch(index))
    }

    /// Lends the handle of a custom resource to the expressions for the surroundings of the test.
    ///
    /// # Panics
    ///
    /// Panics when the resource is provisioned in the test's subprocess, which does not run yet.
    pub fn custom_lent<R: Resource>(&self, index: usize, _witness: &impl Fn() -> R) -> &R::Handle {
        self.shared(index).unwrap_or_else(|| {
            let name = self.current.values().nth(index);
            panic!(
                "`{}` is provisioned in the process of the test, which does not run yet; implement \
                 `Resource::transfer` for it",
                name.map_or("", |(name, _)| name)
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

    fn bound<'c, T>(&'c self, index: usize, pick: impl Fn(&'c Value) -> Option<T>) -> T {
        let value = self.current.value_at(index).and_then(pick);
        value.unwrap_or_else(|| self.mismatch(index))
    }

    fn shared<H: 'static>(&self, index: usize) -> Option<&H> {
        self.current.slots()[index].lent().map(|handle| &**handle)
    }

    /// The attribute binds a resource as another kind than the one it wrote into the `Spec`.
    fn mismatch(&self, index: usize) -> ! {
        unreachable!(
            "resource {index} of {} is bound as what it is not",
            self.current.name()
        )
    }
}
