//! The mark of a subprocess that runs one test for its parent: how it is set, and what may begin
//! there.
//!
//! The mark is the name by which the program is called, `argv[0]`. So the test runner only has to
//! understand `NAME --exact --nocapture`, which nextest requires too, and programs started by the
//! test do not inherit the mark, as they would a variable. On Windows nobody can choose that name,
//! and valgrind and QEMU replace it; there the mark is a filter that matches no test.

use std::ffi::OsString;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::location::SourceLocation;
use crate::name::Name;
use crate::os;
use crate::report;
#[cfg(unix)]
use crate::resource::context::TestHandle;
use crate::run::context::try_current;
use crate::run::naming;
use crate::run::spec::Spec;
use crate::runner;

const MARK: &str = "isolated-test-process:";

/// The beginning of the mark of a process that becomes the host of a resource.
const HOST_MARK: &str = "isolated-test-host:";

/// Arguments for the test runner after the name of the test. With one test thread, libtest does not
/// count the processors, which is a fifth of its work for one test.
const LAST_WORDS: [&str; 3] = ["--exact", "--nocapture", "--test-threads=1"];

/// The test for which a subprocess was started.
pub(crate) struct MarkedTest {
    /// The name of the test.
    test: String,
    /// The function that is to be the test.
    function: String,
    role: Role,
}

/// The role of the process.
enum Role {
    /// The test. The text describes the connection to the parent.
    Test(String),
    /// A host that the test needs.
    Host(AskedHost),
}

/// The host that a process is to become.
#[cfg_attr(
    not(any(unix, test)),
    expect(dead_code, reason = "no process is started to become a host")
)]
pub(crate) struct AskedHost {
    /// The descriptors that the process has inherited for its locks.
    pub(crate) link: String,
    /// The name of the directory of the host.
    pub(crate) name: String,
    /// Which resource of the test makes it.
    pub(crate) resource: usize,
}

/// Where a called test stands.
pub(crate) enum Called {
    /// In the subprocess of this test; the text describes the connection to the parent.
    Here(&'static str),
    /// In a process that is to become a host.
    Host(&'static AskedHost),
    /// In the subprocess of another test, where it must not begin: a program that ignores its
    /// arguments and runs all of its tests would start processes without end.
    Elsewhere,
    /// In the test runner's process, or inside the body of another test.
    Runner,
}

/// The name by which the test binary is called, and its arguments.
pub(crate) fn arguments(spec: &Spec, test: &str, link: &str, name: Option<&str>) -> Vec<String> {
    let function = function(&spec.place, spec.function);
    marked(format!("{MARK}{link}:{function}"), test, name)
}

/// The same for a process that becomes the host with this name.
#[cfg(unix)]
pub(crate) fn host_arguments(
    test: &TestHandle,
    host: &str,
    link: &str,
    name: Option<&str>,
) -> Vec<String> {
    let (place, function_name) = test.function();
    // The resources before it are provisioned.
    let resource = test
        .values()
        .take_while(|(_, value)| value.is_some())
        .count();
    let function = function(place, function_name);
    let mark = format!("{HOST_MARK}{link}:{resource}:{host}:{function}");
    marked(mark, test.runner_name(), name)
}

fn marked(mark: String, test: &str, name: Option<&str>) -> Vec<String> {
    let mut words = match name {
        None => vec![mark, test.to_owned()],
        Some(name) => vec![name.to_owned(), test.to_owned(), mark],
    };
    words.extend(LAST_WORDS.map(str::to_owned));
    words.extend(ignored(test).map(str::to_owned));
    words
}

/// The option that makes an ignored test run. It is the one passed to this process, so that a test
/// runner that does not know such an option never gets one.
fn ignored(test: &str) -> Option<&'static str> {
    if !naming::is_announced(test) {
        // A function called by another test may be an ignored test.
        return Some("--include-ignored");
    }
    ["--include-ignored", "--ignored"]
        .into_iter()
        .find(|word| runner::has_argument(word))
}

/// The full path of a test's function, which is unique.
fn function(place: &SourceLocation, function: &str) -> String {
    format!("{}::{function}", place.module)
}

/// Whether an argument is the mark.
pub(crate) fn is_mark(argument: &str) -> bool {
    argument.starts_with(MARK) || argument.starts_with(HOST_MARK)
}

/// The test for which this process was started, if it is a subprocess.
fn asked() -> Option<&'static MarkedTest> {
    static ASKED: OnceLock<Option<MarkedTest>> = OnceLock::new();

    ASKED.get_or_init(|| read(std::env::args_os())).as_ref()
}

fn read(mut words: impl Iterator<Item = OsString>) -> Option<MarkedTest> {
    let (name, test, filter) = (words.next()?, words.next()?, words.next());
    let words = [Some(name), filter].into_iter().flatten();
    let mark = words
        .filter_map(|word| word.into_string().ok())
        .find(|word| is_mark(word))?;
    let test = test.into_string().ok()?;
    if let Some(rest) = mark.strip_prefix(HOST_MARK) {
        let mut parts = rest.splitn(4, ':').map(str::to_owned);
        let host = AskedHost {
            link: parts.next()?,
            resource: parts.next()?.parse().ok()?,
            name: parts.next()?,
        };
        return Some(MarkedTest {
            test,
            function: parts.next()?,
            role: Role::Host(host),
        });
    }
    let (link, function) = mark.strip_prefix(MARK)?.split_once(':')?;
    Some(MarkedTest {
        test,
        function: function.to_owned(),
        role: Role::Test(link.to_owned()),
    })
}

/// The host that this process is to become.
#[cfg(unix)]
pub(crate) fn asked_host() -> Option<&'static AskedHost> {
    match &asked()?.role {
        Role::Host(host) => Some(host),
        Role::Test(_) => None,
    }
}

/// Whether this is a subprocess that lost its mark, because something replaces the names of
/// programs. It would start a subprocess for its own test, and that one would do the same.
pub(crate) fn is_lost() -> bool {
    let has_all = LAST_WORDS.iter().all(|word| runner::has_argument(word));
    asked().is_none() && has_all && os::process::is_below_supervisor()
}

/// The progress of the test for which this process was started.
static STAGE: AtomicU8 = AtomicU8::new(BEFORE);
const BEFORE: u8 = 0;
const RUNNING: u8 = 1;
const OVER: u8 = 2;

/// Records that the test for which this process was started has ended.
pub(crate) fn over() {
    STAGE.store(OVER, Ordering::Relaxed);
}

/// Determines where a called test stands. In a subprocess, the first call of its test is the one to
/// run.
pub(crate) fn called(spec: &Spec, name: &Name) -> Called {
    let Some(asked) = asked() else {
        return Called::Runner;
    };
    let is_it =
        asked.test == name.runner() && asked.function == function(&spec.place, spec.function);
    let order = Ordering::Relaxed;
    if is_it
        && STAGE
            .compare_exchange(BEFORE, RUNNING, order, order)
            .is_ok()
    {
        return match &asked.role {
            Role::Host(host) => Called::Host(host),
            Role::Test(link) => Called::Here(link),
        };
    }
    if try_current().is_some() {
        return Called::Runner;
    }
    if STAGE.load(order) == RUNNING {
        // The caller may be a thread of the test, and must not believe that this test passed.
        report::not_here(name.full(), &asked.test);
    }
    Called::Elsewhere
}

#[cfg(test)]
mod tests {
    use super::{Role, read};

    #[test]
    fn the_mark_is_the_name_of_the_program_or_a_filter() {
        let asked = |words: &[&str]| read(words.iter().map(Into::into));
        let one = asked(&[
            "isolated-test-process:9,11:shop::pays",
            "pays::case_1",
            "--exact",
        ]);
        let one = one.unwrap();
        assert_eq!(
            (one.test.as_str(), one.function.as_str()),
            ("pays::case_1", "shop::pays")
        );
        assert!(matches!(one.role, Role::Test(link) if link == "9,11"));
        let host = "isolated-test-host:9,11,12:2:api-9f86d081884c7d65:shop::pays";
        let one = asked(&[host, "pays::case_1", "--exact"]).unwrap();
        assert_eq!(
            (one.test.as_str(), one.function.as_str()),
            ("pays::case_1", "shop::pays")
        );
        let Role::Host(host) = one.role else {
            panic!("a host")
        };
        assert_eq!(
            (host.link.as_str(), host.resource, host.name.as_str()),
            ("9,11,12", 2, "api-9f86d081884c7d65")
        );
        let filter = asked(&["bin", "pays", "isolated-test-process:9,11:shop::pays"]);
        assert_eq!(filter.unwrap().test, "pays");
        assert!(asked(&["bin", "isolated-test-process:9,11:shop::pays"]).is_none());
        assert!(asked(&["isolated-test-process:9,11:shop::pays"]).is_none());
        assert!(asked(&[]).is_none());
    }
}
