//! Asynchronous functions as users write them: those that can be called again, and the others.

use std::net::TcpListener;
use std::path::Path;
use std::process::{ExitCode, Termination};
use std::rc::Rc;

use isolated_test::{BoxError, Current, Namespace, Port, Resource, TmpDir, isolated};
use rstest::rstest;
use tokio::task::yield_now;

/// A resource whose handle is neither `Send` nor `Clone`.
struct Shared(u32);

struct Handle(u32);

impl Resource for Shared {
    type Handle = Handle;

    fn provision(&mut self, _: &Current) -> Result<Handle, BoxError> {
        Ok(Handle(self.0))
    }
}

#[isolated]
#[tokio::test]
async fn nothing() {}

#[isolated(a = port, b = port, tmpdir, namespace, lent = Shared(1), given = Shared(2))]
#[tokio::test]
async fn lent_and_given(
    a: Port,
    b: TcpListener,
    tmpdir: TmpDir,
    namespace: &Namespace,
    given: Handle,
    lent: &Handle,
) {
    let shared = Rc::new(given);
    yield_now().await;
    assert_ne!(a.number(), b.local_addr().unwrap().port());
    assert!(tmpdir.path().exists() && !namespace.to_string().is_empty());
    assert_eq!(lent.0 + shared.0, 3);
}

#[isolated(tmpdir, site = tmpdir)]
#[tokio::test(flavor = "multi_thread")]
async fn lifetimes<'a>(tmpdir: &'a Path, site: &'a Path) -> std::io::Result<()> {
    let longest: &'a Path = std::cmp::max_by_key(tmpdir, site, |dir| dir.as_os_str().len());
    yield_now().await;
    std::fs::write(longest.join("a"), "a")
}

#[isolated(port)]
#[tokio::test]
async fn boxed_error(port: u16) -> Result<(), BoxError> {
    let _listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    Ok(())
}

#[isolated]
#[tokio::test]
async fn exit_code() -> ExitCode {
    yield_now().await;
    ExitCode::SUCCESS
}

#[isolated]
#[tokio::test]
async fn termination() -> impl Termination {}

#[isolated(port)]
#[tokio::test]
#[should_panic(expected = "never")]
async fn never_returns(port: u16) -> ! {
    yield_now().await;
    assert_ne!(port, 0);
    panic!("never")
}

#[isolated(port)]
#[tokio::test]
#[should_panic(expected = "panics")]
async fn panics(mut port: u16) {
    port = port.wrapping_add(1);
    yield_now().await;
    assert_eq!(port, 0, "panics");
}

#[isolated(lent = Shared(n), given = Shared(n))]
#[rstest]
#[case(3, "text".to_owned())]
#[tokio::test]
async fn parameters_of_others(#[case] n: u32, #[case] text: String, lent: &Handle, given: Handle) {
    yield_now().await;
    let text: String = text;
    assert_eq!((lent.0 + given.0, text.len()), (2 * n, 4));
}

/// In the body, the name refers to the function as written.
#[isolated]
#[tokio::test]
async fn recursive() {
    let function = recursive;
    assert_eq!(size_of_val(&function), 0);
}
