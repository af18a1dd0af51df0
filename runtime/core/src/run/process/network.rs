//! Whether a test gets its own network, and what happens where it cannot have one.

use crate::error::{Error, ErrorKind};
use crate::lock::key::Key;
use crate::report;
use crate::run::spec::Refused;
use crate::run::verdict::Verdict;

#[cfg(target_os = "linux")]
pub(crate) use crate::os::network::NamespaceSetup;

/// Uninhabited, because only Linux can set up a network of a process.
#[cfg(not(target_os = "linux"))]
pub(crate) type NamespaceSetup = std::convert::Infallible;

/// The lock of each test that uses the machine's network because it could not get its own.
pub(crate) const TURNS: Key = Key::new("network");

/// The network in which a process runs.
#[derive(Debug, Clone)]
pub(crate) enum Network {
    /// The machine's network.
    Common,
    /// Its own network.
    Custom(NamespaceSetup),
    /// The machine's network, with no other `Serial` test at the same time.
    Serial,
}

impl Network {
    /// Whether the test shares the network with all others.
    pub(crate) fn is_common(&self) -> bool {
        matches!(self, Network::Common)
    }

    /// Whether the test has its own network.
    pub(crate) fn is_own(&self) -> bool {
        matches!(self, Network::Custom(_))
    }

    /// Whether the test must run without any other `Serial` test.
    pub(crate) fn is_serial(&self) -> bool {
        matches!(self, Network::Serial)
    }
}

/// Decides for a test. If it cannot run, reports the reason before returning the verdict.
///
/// Tries only once per process whether the system allows its own network.
pub(crate) fn decide(test: &str, asked: Option<Refused>) -> Result<Network, Verdict> {
    let Some(or) = asked else {
        return Ok(Network::Common);
    };
    let (reason, way_out) = match way() {
        Ok(way) => return Ok(Network::Custom(way)),
        Err(refusal) => refusal,
    };
    match or {
        Refused::Serial => Ok(Network::Serial),
        Refused::Skip => {
            report::skipped(test, &format!("{reason}; {way_out}"));
            Err(Verdict::Skipped)
        }
        Refused::Fail => {
            let action = "make a network of the test's own";
            let reason = format!(
                "{reason}; {way_out}, or write `network(or = \"skip\")` or `network(or = \"serial\")`"
            );
            let error = Error::new(ErrorKind::Network, action).because(reason);
            Err(Verdict::unable(test, &error))
        }
    }
}

/// The reason why a test cannot get its own network, and a way out.
type Refusal = (String, &'static str);

#[cfg(not(target_os = "linux"))]
fn way() -> Result<NamespaceSetup, Refusal> {
    let reason = "only Linux has networks of a process's own".to_owned();
    Err((reason, "run the test on Linux"))
}

#[cfg(target_os = "linux")]
fn way() -> Result<NamespaceSetup, Refusal> {
    use std::sync::OnceLock;

    static WAY: OnceLock<Result<NamespaceSetup, Refusal>> = OnceLock::new();

    WAY.get_or_init(|| {
        // Root in a container often lacks the privilege, but may do what an ordinary user may.
        let as_root = (crate::os::user() == 0).then(NamespaceSetup::of_root);
        let mut refusal = None;
        for way in as_root.into_iter().chain([NamespaceSetup::of_user()]) {
            match way.probe() {
                Ok(()) => return Ok(way),
                Err((step, error)) => refusal = Some(refused(step, &error)),
            }
        }
        Err(refusal.unwrap_or_else(|| ("nothing was tried".to_owned(), "report this")))
    })
    .clone()
}

/// The step that the system refused, and how to allow it, in words.
#[cfg(target_os = "linux")]
fn refused(step: Option<crate::os::network::Step>, error: &std::io::Error) -> Refusal {
    use crate::os::network::Step;

    let Some(step) = step else {
        return (
            format!("a process to try it in could not be had: {error}"),
            "make room for processes",
        );
    };
    let exhausted = error.kind() == std::io::ErrorKind::StorageFull;
    let way_out = match step {
        Step::Network | Step::UserAndNetwork if exhausted => {
            "raise `sysctl user.max_net_namespaces` and `user.max_user_namespaces`"
        }
        Step::Network | Step::UserAndNetwork => {
            "allow it with `sysctl -w kernel.unprivileged_userns_clone=1`, or in Docker with \
             `--cap-add SYS_ADMIN` or `--security-opt seccomp=unconfined`"
        }
        Step::Groups | Step::GroupMap | Step::UserMap => {
            "allow it with `sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`"
        }
        Step::Loopback => "allow the process `CAP_NET_ADMIN` in its own network",
    };
    (format!("the system has refused {step}: {error}"), way_out)
}
