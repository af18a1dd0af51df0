//! Which host serves a test.

use std::any::type_name;
use std::ffi::OsString;
use std::sync::Mutex;

use super::Fingerprint;
use crate::config::sandbox;
use crate::error::{BoxError, Error, ErrorKind};
use crate::lock::key::Key;
use crate::mutex::lock;
use crate::os;
use crate::os::detached::identity_of_program;

/// The name of a host, which is the same in all processes that share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HostName {
    /// The name that the user has given to the resource.
    pub(super) resource: &'static str,
    /// Differs where the same name means something else.
    hash: u64,
}

impl HostName {
    pub(super) fn of<R>(
        resource: &'static str,
        fingerprint: Option<Fingerprint>,
    ) -> Result<Self, BoxError> {
        let rest = if let Some(fingerprint) = fingerprint {
            fingerprint()?
        } else {
            let program = identity_of_program().map_err(|error| {
                Error::new(ErrorKind::Process, "identify the test binary").because(error)
            })?;
            format!("{}\n{program}", type_name::<R>())
        };
        Ok(HostName::in_sandbox(sandbox(), resource, &rest))
    }

    /// Tests outside of a sandbox neither reach a host in there, nor does it live as long as they need
    /// it. Users who share a state directory can neither end nor clean up processes of each other.
    fn in_sandbox(sandbox: Option<OsString>, resource: &'static str, rest: &str) -> Self {
        let mut identity = format!("{resource}\n{}\n{rest}", os::user()).into_bytes();
        if let Some(sandbox) = sandbox {
            identity.push(0);
            identity.extend(sandbox.into_encoded_bytes());
        }
        HostName {
            resource,
            hash: fnv(&identity),
        }
    }

    /// The name of the directory.
    pub(super) fn dir(&self) -> String {
        let is_plain = |one: &char| one.is_ascii_alphanumeric() || matches!(one, '-' | '_');
        let plain: String = self.resource.chars().filter(is_plain).collect();
        format!("{}-{:016x}", plain.to_ascii_lowercase(), self.hash)
    }

    /// The lock of the test that starts the host. Its holder waits for no other key, so tests may ask
    /// for it whatever they hold.
    pub(super) fn start(&self) -> Key {
        self.key("the start of").last()
    }

    /// The lock of the tests that use the host, if their number is limited.
    ///
    /// Its name comes before that of the other one. In a program that a test has started, the order of
    /// the names counts.
    pub(super) fn turn(&self) -> Key {
        self.key("a turn with").internal()
    }

    fn key(&self, what: &str) -> Key {
        static NAMES: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

        let name = format!("{what} {} {:016x}", self.resource, self.hash);
        let mut names = lock(&NAMES);
        let found = names.iter().find(|one| **one == name).copied();
        let kept = found.unwrap_or_else(|| {
            let new: &'static str = name.leak();
            names.push(new);
            new
        });
        Key::new(kept)
    }
}

/// The hash FNV-1a, which is the same in all versions of all programs.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::{HostName, fnv};

    #[test]
    fn the_hash_is_the_published_one() {
        // From the reference at http://www.isthe.com/chongo/tech/comp/fnv/.
        assert_eq!(fnv(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn a_name_depends_on_type_and_build_or_on_the_fingerprint() {
        let dir = |name: HostName| name.dir();
        let build = dir(HostName::of::<u8>("My Api", None).unwrap());
        assert!(build.starts_with("myapi-"), "{build}");
        assert_eq!(build, dir(HostName::of::<u8>("My Api", None).unwrap()));
        assert_ne!(build, dir(HostName::of::<u16>("My Api", None).unwrap()));
        let one = dir(HostName::of::<u8>("api", Some(|| Ok("1".to_owned()))).unwrap());
        assert_eq!(
            one,
            dir(HostName::of::<u16>("api", Some(|| Ok("1".to_owned()))).unwrap())
        );
        assert_ne!(
            one,
            dir(HostName::of::<u8>("api", Some(|| Ok("2".to_owned()))).unwrap())
        );
        assert_ne!(
            one,
            dir(HostName::of::<u8>("api2", Some(|| Ok("1".to_owned()))).unwrap())
        );
    }

    #[test]
    fn each_sandbox_has_its_own_hosts() {
        let name = |sandbox: Option<&str>| {
            let name = HostName::in_sandbox(sandbox.map(Into::into), "api", "1");
            name.dir()
        };
        let all = [None, Some("7-1"), Some("7-2")].map(name);
        assert_eq!(all[1], name(Some("7-1")));
        assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2]);
    }
}
