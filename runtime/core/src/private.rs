//! Exactly the items that generated code may name. None of them is meant to be used manually.

pub use crate::config::Keep;
// For packages of this workspace.
pub use crate::error::chain;
pub use crate::location::SourceLocation;
pub use crate::lock::plan::{Claim, ClaimedKey};
pub use crate::resource::bind::{
    Both, FromItem, FromNamespace, FromPort, FromPorts, FromSeed, FromTmpDir, Lent, Tcp, Udp,
};
pub use crate::resource::custom::{Custom, LocalMaker, Maker};
pub use crate::resource::request::{Kind, Protocol, Request};
pub use crate::run::around::{
    Recipe, around, around_never, customs, inside, inside_async, judged_inside_async, no_custom,
    no_value,
};
pub use crate::run::awaited::{Provisioned, Returned};
pub use crate::run::cx::Cx;
pub use crate::run::entry::{Test, passed, prepare, test, test_inside};
pub use crate::run::made::NotMade;
#[cfg(feature = "clock")]
pub use crate::run::process::surroundings::instant;
pub use crate::run::process::surroundings::{Surroundings, Variable, as_here};
pub use crate::run::spec::{Refused, ShouldPanic, Spec, Subprocess};
pub use crate::{__clock as clock, __expr as expr, __place as place, __spec as spec};

use std::marker::PhantomData;
use std::ops::Deref;

use crate::Key;

/// Expands to the source location of a test.
#[doc(hidden)]
#[macro_export]
macro_rules! __place {
    ($($build:literal)?) => {
        $crate::__private::SourceLocation {
            module: ::core::module_path!(),
            file: ::core::file!(),
            line: ::core::line!(),
            package: ::core::option_env!("CARGO_PKG_NAME"),
            package_root: ::core::option_env!("CARGO_MANIFEST_DIR"),
            build: $crate::__optional!($($build)?),
        }
    };
}

/// Expands to the `Spec` of a test: its name, whether it should panic, its resources and locks.
///
/// The `Spec` must be constant. One made only of literals is constant by itself; any other needs
/// `const`, which costs the compiler more.
#[doc(hidden)]
#[macro_export]
macro_rules! __spec {
    (const $($fields:tt)*) => {
        const { $crate::__spec!($($fields)*) }
    };
    (
        $(in $build:literal,)?
        $function:literal,
        $should_panic:expr,
        [$(($name:literal $kind:ident $($details:tt)?)),*],
        [$(($claim:ident $($key:tt)?)),*]
        $(, ($timeout:expr, $network:expr $(, $retries:expr, $quarantine:expr)?))?
        $(; $often:ident)?
    ) => {
        $crate::__private::Spec {
            place: $crate::__private::place!($($build)?),
            function: $function,
            should_panic: $should_panic,
            resources: &[$($crate::__private::Request {
                name: $name,
                kind: $crate::__private::Kind::$kind $($details)?,
            }),*],
            locks: &[$($crate::__private::Claim::$claim $($key)?),*],
            process: $crate::__optional!($($crate::__private::Subprocess {
                timeout: $timeout,
                network: $network,
                retries: $crate::__or_none!($($retries)?),
                quarantine: $crate::__or_none!($($quarantine)?),
            })?),
            is_called_often: $crate::__is_there!($($often)?),
        }
    };
}

/// Expands to `Some` of a value, or to `None` without one.
#[doc(hidden)]
#[macro_export]
macro_rules! __optional {
    () => {
        ::core::option::Option::None
    };
    ($value:expr) => {
        ::core::option::Option::Some($value)
    };
}

/// Expands to an option, or to `None` without one.
#[doc(hidden)]
#[macro_export]
macro_rules! __or_none {
    () => {
        ::core::option::Option::None
    };
    ($option:expr) => {
        $option
    };
}

/// Whether the word is present.
#[doc(hidden)]
#[macro_export]
macro_rules! __is_there {
    () => {
        false
    };
    (often) => {
        true
    };
}

/// Wraps an expression of the user, so that a half-typed one is an error here and nowhere else.
#[doc(hidden)]
#[macro_export]
macro_rules! __expr {
    ($expression:expr) => {
        $expression
    };
}

/// Sets the clock of a test.
#[cfg(feature = "clock")]
#[doc(hidden)]
#[macro_export]
macro_rules! __clock {
    ($surroundings:ident, ($seconds:literal, $nanos:literal), $speed:literal) => {
        $surroundings.clock($crate::__private::instant($seconds, $nanos), $speed)
    };
    ($surroundings:ident, ($seconds:literal, $nanos:literal, $zone:literal $(, $offset:literal)?), $speed:literal) => {
        $surroundings.local_clock(($seconds, $nanos), $zone, $crate::__optional!($($offset)?), $speed)
    };
    ($surroundings:ident, $at:expr, $speed:literal) => {
        $surroundings.clock($at, $speed)
    };
}

/// Refuses the clock of a test.
#[cfg(not(feature = "clock"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __clock {
    ($surroundings:ident, $at:expr, $speed:literal) => {{
        let _ = &mut *$surroundings;
        ::core::compile_error!(
            "`clock` needs the feature `clock`; write `isolated-test = { version = \"0.1\", features = [\"clock\"] }` \
             in `Cargo.toml`"
        )
    }};
}

/// A key as written by the user: a constant of type `Key`, or a text known at compile time.
#[derive(Debug)]
pub struct Keyed<K>(pub K);

impl Keyed<Key> {
    /// Returns the key.
    #[must_use]
    pub const fn key(self) -> Key {
        self.0
    }
}

impl Keyed<&'static str> {
    /// Returns the key with this name.
    ///
    /// # Panics
    ///
    /// Panics at compile time if the text cannot be the name of a key.
    #[must_use]
    #[track_caller]
    pub const fn key(self) -> Key {
        Key::new(self.0)
    }
}

impl<K> Deref for Keyed<K> {
    type Target = NoKey<K>;

    /// Leads the compiler for all other types to [`NoKey::key`], which it rejects with our message.
    fn deref(&self) -> &NoKey<K> {
        unreachable!("no type is a key but those that `Keyed` knows")
    }
}

/// A value that is not a key.
#[derive(Debug)]
pub struct NoKey<K>(PhantomData<K>);

/// A bound that no type meets, because `Keyed` covers all types of keys. It carries the message.
#[diagnostic::on_unimplemented(
    message = "a key cannot be of type `{Self}`; write `const K: Key = Key::new(\"...\")` and `serial = K`",
    label = "expected a text or a constant of type `Key`"
)]
pub trait AsKey {}

impl<K> NoKey<K> {
    /// Never called.
    #[must_use]
    pub const fn key(&self) -> Key
    where
        K: AsKey,
    {
        Key::DEFAULT
    }
}

/// Checks the number of a port.
///
/// # Panics
///
/// Panics at compile time if the number is zero.
#[must_use]
#[track_caller]
pub const fn port_number(number: u16) -> u16 {
    assert!(
        number > 0,
        "expected the number of a port to be from 1 to 65535"
    );
    number
}

/// Checks the number of `retries`.
///
/// # Panics
///
/// Panics at compile time if the number is a constant out of range.
#[must_use]
#[track_caller]
pub const fn retries(number: u32) -> Option<u32> {
    assert!(
        number <= 100,
        "expected `retries` to be a number from 0 to 100"
    );
    Some(number)
}

/// Checks the reason of a `quarantine`.
///
/// # Panics
///
/// Panics at compile time if the reason is a constant that is empty or blank.
#[must_use]
#[track_caller]
pub const fn quarantine(reason: &'static str) -> Option<&'static str> {
    assert!(
        !reason.trim_ascii().is_empty(),
        "expected a reason that is not empty, because it is shown with each failure"
    );
    Some(reason)
}
