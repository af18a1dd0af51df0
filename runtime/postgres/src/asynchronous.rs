//! Functions of the user that await, in a runtime of their own.

use std::panic::resume_unwind;
use std::thread;

use isolated_test_core::BoxError;
use tokio::runtime::Builder;

/// Runs a function to its end. Tasks that it has spawned end with it.
///
/// The thread is a new one, because some test attributes leave that of the test inside of their runtime, and
/// no other one can be driven there.
pub(crate) fn block_on<E: Into<BoxError>>(
    run: impl AsyncFnOnce(&str) -> Result<(), E> + Send,
    url: &str,
) -> Result<(), BoxError> {
    let act = || {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(run(url)).map_err(Into::into)
    };
    thread::scope(|scope| {
        let name = thread::current().name().unwrap_or_default().to_owned();
        let running = thread::Builder::new().name(name).spawn_scoped(scope, act)?;
        running.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::block_on;

    #[tokio::test]
    async fn a_runtime_around_it_is_not_in_the_way() {
        let run = async |url: &str| {
            tokio::task::yield_now().await;
            tokio::spawn(std::future::pending::<()>());
            Err(io::Error::other(url.to_owned()))
        };
        let error = block_on(run, "the URL").unwrap_err();
        assert_eq!(error.to_string(), "the URL");
    }
}
