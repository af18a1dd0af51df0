//! A function of the user that prepares a template.

use std::fmt;

use isolated_test_core::__private::chain;
use isolated_test_core::BoxError;

use crate::content::Content;

/// A function with a name and a fingerprint, which stand for what it does. `T` is how it gets the database.
pub struct Prepare<T: ?Sized> {
    name: String,
    fingerprint: String,
    run: Run<T>,
}

type Run<T> = Box<dyn FnOnce(&T) -> Result<(), BoxError>>;

impl<T: ?Sized> Prepare<T> {
    /// A function of the user.
    pub fn new<E: Into<BoxError>>(
        name: impl Into<String>,
        fingerprint: impl fmt::Display,
        run: impl FnOnce(&T) -> Result<(), E> + 'static,
    ) -> Self {
        Prepare {
            name: name.into(),
            fingerprint: fingerprint.to_string(),
            run: Box::new(|database| run(database).map_err(Into::into)),
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Adds what stands for the function to the content of a template.
    pub fn add_to(&self, content: &mut Content) {
        for part in ["prepared", &self.name, &self.fingerprint] {
            content.add(part);
        }
    }

    /// Runs the function.
    ///
    /// # Errors
    ///
    /// The function has failed.
    pub fn run(self, database: &T) -> Result<(), String> {
        let name = self.name;
        (self.run)(database)
            .map_err(|error| format!("failed to prepare `{name}`: {}", chain(&*error)))
    }
}

impl<T: ?Sized> fmt::Debug for Prepare<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Prepare")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
