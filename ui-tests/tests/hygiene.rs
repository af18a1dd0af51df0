//! An environment in which a careless expansion breaks: no prelude, other items with the names that
//! the expansion uses, and every lint that users deny.
//!
//! This file is compiled in this edition and, by the packages `edition-*`, in the older ones. The
//! package `drop-in` adds the drop-in packages. Clippy checks all of it.

#![no_implicit_prelude]
#![forbid(unsafe_code)]
#![deny(warnings)]
#![deny(
    clippy::all,
    clippy::nursery,
    clippy::pedantic,
    clippy::allow_attributes,
    clippy::let_underscore_must_use,
    clippy::let_underscore_untyped,
    clippy::panic,
    clippy::shadow_reuse,
    clippy::shadow_same,
    clippy::shadow_unrelated,
    clippy::unwrap_used,
    absolute_paths_not_starting_with_crate,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    future_incompatible,
    let_underscore,
    let_underscore_drop,
    missing_copy_implementations,
    missing_debug_implementations,
    missing_docs,
    non_ascii_idents,
    nonstandard_style,
    redundant_lifetimes,
    rust_2018_idioms,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unreachable_pub,
    unused,
    unused_extern_crates,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]
#![expect(dead_code, reason = "what shadows is not used")]

#[cfg(feature = "drop-in")]
#[path = "hygiene/drop_in/mod.rs"]
mod drop_in;

use ::core::result::Result::{self, Ok};
use ::core::{assert, assert_eq, assert_ne};

use ::isolated_test::{AsyncResource, BoxError, Current, Key, Port, Resource, TmpDir, isolated};
use ::tokio;

mod core {}
mod isolated_test {}
mod std {}
struct Key_;
struct None;
struct Option;
struct Own;
struct Some;
struct Spec;
struct String;
const fn body() {}
const fn cx() {}
const fn expr() {}
const fn own() {}
const fn place() {}
const fn prepare() {}
const fn run() {}
const fn surroundings() {}

const NUMBER: u32 = 1;
const TCP: Key = Key::new("ui-tests hygiene");

#[derive(Debug, Clone, Copy)]
struct Db;

impl Resource for Db {
    type Handle = u32;

    fn provision(&mut self, _: &Current) -> Result<u32, BoxError> {
        Ok(3)
    }

    fn transfer() -> ::isolated_test::Transfer<u32> {
        ::isolated_test::Transfer::as_text()
    }
}

#[isolated]
#[test]
fn minimal() {}

/// Documented, as a public function has to be.
#[isolated(port, tmpdir, db = Db, other = Db, serial = TCP, limit("ui-tests hygiene limit", 3))]
#[test]
fn sync(port: Port, tmpdir: &TmpDir, db: &u32, other: u32) {
    assert_eq!(*db, other);
    assert!(tmpdir.path().exists());
    assert_ne!(port.number(), 0);
}

#[isolated(port)]
#[test]
fn unused(_port: Port) {}

#[isolated(tmpdir(keep = "never"), cx = Db, run = Db, make_db = Db, db = Db)]
#[test]
#[should_panic(expected = "equal")]
fn names_of_the_expansion(tmpdir: &TmpDir, cx: u32, run: &u32, make_db: u32) {
    assert!(tmpdir.path().exists());
    assert_ne!(cx + make_db, *run + *run, "equal");
}

#[isolated(port)]
#[tokio::test]
async fn asynchronous(port: Port) -> Result<(), BoxError> {
    tokio::task::yield_now().await;
    assert_ne!(port.number(), 0);
    Ok(())
}

#[isolated(port)]
#[::rstest::rstest]
#[case(1, (2, 3))]
fn cases(#[case] _n: u32, port: Port, #[case] (a, b): (u32, u32), #[values(4)] cx: u32) {
    assert_eq!(cx, 4);
    assert_eq!(a + 1, b);
    assert_ne!(port.number(), 0);
}

#[isolated(process)]
#[test]
fn process() {}

struct Fields {
    seed: u8,
}

#[isolated(
    port, tmpdir, seed, several = port(udp, count = 2), surroundings = namespace, cx = Db, db = Db,
    env(
        clear,
        unset(HOME),
        ADDRESS = port.addr(),
        SEVERAL = several[1],
        DIR = tmpdir,
        FILE = tmpdir.join("file"),
        NAMESPACE = surroundings,
        NAMED_IN_VAIN = Fields { seed: 3 }.seed,
        CX = *cx + 1,
        DB = db,
    ),
    cwd = tmpdir.path(),
    timeout = ::core::time::Duration::from_secs(30),
    network(or = "skip"),
)]
#[test]
fn process_with_surroundings(port: Port, cx: &u32) {
    assert_ne!(port.number(), 0);
    assert_ne!(*cx, 0);
}

#[isolated(port, env(PORT = port), cwd, timeout = "30s", network(or = "skip"))]
#[tokio::test]
async fn asynchronous_process(port: Port) {
    tokio::task::yield_now().await;
    assert_ne!(port.number(), 0);
}

fn made(number: &str) -> Result<u16, ::core::num::ParseIntError> {
    number.parse()
}

async fn made_later(number: &str) -> Result<u16, ::core::num::ParseIntError> {
    tokio::task::yield_now().await;
    made(number)
}

#[isolated(
    port, tmpdir, seed, several = port(udp, count = 2), surroundings = namespace, cx = Db, db = Db, run = Db,
    number = value(made("7")? + port.number()),
    named_in_vain = value(Fields { seed: 3 }.seed),
    sum = value(*cx + *db + NUMBER),
    spec = value(&several[1]),
    made = value(tmpdir.join("made")),
    unused = value(surroundings.as_str()),
)]
#[test]
fn values(number: u16, cx: u32, db: &mut u32, sum: &mut u32, made: &::std::path::Path) {
    *db += cx;
    *sum += *db;
    assert_ne!(number, 0);
    assert_eq!(*sum, 13);
    assert!(!made.exists());
}

#[isolated(port, number = value(made_later("7").await?), same = value(made("7")?))]
#[tokio::test]
async fn asynchronous_values(number: &u16, same: u16) -> Result<(), BoxError> {
    tokio::task::yield_now().await;
    assert_eq!(*number, same);
    Ok(())
}

#[derive(Debug)]
struct Later(u16);

#[expect(
    clippy::future_not_send,
    reason = "the test lends its context, which stays in its thread"
)]
impl AsyncResource for Later {
    type Handle = ::std::vec::Vec<u16>;

    async fn provision(&mut self, _: &Current) -> Result<::std::vec::Vec<u16>, BoxError> {
        tokio::task::yield_now().await;
        Ok(::std::vec![self.0])
    }
}

#[isolated(
    port, cx = Db,
    resource = awaited(Later(made("7")?)),
    value = value(resource.len() + port.number() as usize),
    unused = awaited(Later(port.number())),
    last = awaited(Later(unused[0])),
)]
#[tokio::test]
async fn asynchronous_resources(
    resource: &mut ::std::vec::Vec<u16>,
    value: usize,
    cx: u32,
    last: &[u16],
) -> Result<(), BoxError> {
    resource.push(last[0]);
    assert_eq!(resource.len(), 2);
    assert_ne!(value, 0);
    assert_ne!(cx, 0);
    Ok(())
}

const RETRIES: u32 = 2;

#[isolated(retries = RETRIES, quarantine = "why")]
#[test]
fn failures() {}

#[isolated(db = Db, tmpdir)]
#[tokio::test]
async fn asynchronous_again(tmpdir: &TmpDir, db: u32) {
    tokio::task::yield_now().await;
    assert!(tmpdir.path().exists());
    assert_ne!(db, 0);
}

#[isolated(crate = ::isolated_test, serial = TCP, alone, db = Db)]
mod tests {
    #[test]
    fn one() {}
}

#[isolated(crate = ::isolated_test, port, env(HOME = "nowhere", PORT = port, NUMBER = self::NUMBER), cwd, timeout = "30s")]
mod process_tests {
    #[test]
    fn one() {}
}
