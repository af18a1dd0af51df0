//! A service whose handle can leave the process that has started it.

use std::fmt::{self, Display};
use std::str::FromStr;

use super::Service;
use crate::error::BoxError;
use crate::resource::current::Current;
use crate::resource::{Outcome, Resource, Transfer};

/// A [`Service`] with a handle of your choice, such as an address or a URL; see [`Service::handle`].
#[must_use = "a service runs while a test has it as a resource"]
pub struct Served<H> {
    service: Service,
    handle: Box<dyn Fn(&Current) -> H>,
}

impl Service {
    /// Gives the test a handle of your choice instead of a [`Running`](crate::Running).
    ///
    /// The handle can be written as text, so it may be used in `env(...)`, and all tests that need the
    /// service can share it through [`Once`](crate::Once). With `process`, the service runs beside the
    /// process of the test, and not below it.
    ///
    /// The function is called once the program is ready, and gets what [`with`](Service::with) gets: the
    /// test, or the host of a shared service.
    ///
    /// # Examples
    ///
    /// ```rust,test_harness,no_run
    /// use isolated_test::{Once, Served, Service, isolated};
    ///
    /// fn redis() -> Served<String> {
    ///     let redis = Service::new("redis-server").with(|command, host| {
    ///         command.arg("--port").arg(host.port().to_string()).current_dir(host.tmpdir());
    ///     });
    ///     redis.handle(|host| format!("redis://127.0.0.1:{}/", host.port()))
    /// }
    ///
    /// const REDIS: Once<Served<String>> = Once::new("redis", redis);
    ///
    /// #[isolated(redis = REDIS, env(REDIS_URL = redis))]
    /// #[test]
    /// fn shares_a_server(redis: &str) {
    ///     assert_eq!(std::env::var("REDIS_URL").as_deref(), Ok(redis));
    /// }
    ///
    /// #[isolated(port, tmpdir, redis = redis())]
    /// #[test]
    /// fn has_its_own_server(redis: &str) {
    ///     assert!(redis.starts_with("redis://"));
    /// }
    /// ```
    pub fn handle<H>(self, handle: impl Fn(&Current) -> H + 'static) -> Served<H>
    where
        H: Display + FromStr<Err: Into<BoxError>> + 'static,
    {
        Served {
            service: self,
            handle: Box::new(handle),
        }
    }
}

impl<H> Resource for Served<H>
where
    H: Display + FromStr<Err: Into<BoxError>> + 'static,
{
    type Handle = H;

    fn provision(&mut self, test: &Current) -> Result<H, BoxError> {
        self.service.provision(test)?;
        Ok((self.handle)(test))
    }

    fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
        self.service.release(outcome)
    }

    fn transfer() -> Transfer<H> {
        Transfer::as_text()
    }

    fn describe(&self) -> Option<String> {
        self.service.describe()
    }
}

impl<H> fmt::Debug for Served<H> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Served")
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}
