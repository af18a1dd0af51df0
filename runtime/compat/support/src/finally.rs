//! The `after` of `#[sealed_test]`.

/// Runs code at the end of the body, even if the body panics.
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
    /// If the code panics while the body is panicking, Rust aborts the process. That fails the test
    /// even if it expects a panic.
    fn drop(&mut self) {
        (self.0)();
    }
}
