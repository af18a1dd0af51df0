//! The `#[should_panic]` attribute, as the runtime sees it.

/// The `#[should_panic]` attribute of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShouldPanic {
    /// No such attribute: a panic is a failure.
    No,
    /// Any panic is a success.
    Yes,
    /// A panic whose message contains this text is a success.
    With(&'static str),
}
