//! The `after` of `#[sealed_test]`.

/// Runs code at the end of the body, also when it panics.
#[derive(Debug)]
#[must_use = "the code runs when this is dropped"]
pub struct Finally<F: FnMut()>(F);

impl<F: FnMut()> Finally<F> {
    /// Wraps the code.
    pub fn new(code: F) -> Self {
        Finally(code)
    }
}

impl<F: FnMut()> Drop for Finally<F> {
    /// If the code panics after a panic of the body, Rust aborts the process. That fails the test
    /// even if it expects a panic.
    fn drop(&mut self) {
        (self.0)();
    }
}
