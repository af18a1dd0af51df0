#![doc = include_str!("../README.md")]

#[cfg(target_family = "wasm")]
compile_error!(
    "`isolated-test` cannot isolate tests on WebAssembly, because there are no file locks, processes \
     and ports; depend on it in `[target.'cfg(not(target_family = \"wasm\"))'.dev-dependencies]` and \
     write `#[cfg_attr(not(target_family = \"wasm\"), isolated_test::isolated(...))]`"
);

#[cfg(not(target_family = "wasm"))]
#[doc(hidden)]
pub use isolated_test_core::__private;
#[cfg(all(feature = "clock", not(target_family = "wasm")))]
#[doc(inline)]
pub use isolated_test_core::Clock;
#[cfg(not(target_family = "wasm"))]
#[doc(inline)]
pub use isolated_test_core::{
    AsyncResource, BoxError, Current, EnterGuard, Error, ErrorKind, Guard, Key, Namespace, Once,
    Outcome, Port, PortBuilder, Ready, Reclaim, Resource, Running, Served, Service, Skip,
    TestHandle, TmpDir, Transfer, current, forms, try_current,
};
#[doc(hidden)]
pub use isolated_test_macros::__around;
#[doc(inline)]
pub use isolated_test_macros::{isolate_file, isolated, test};
