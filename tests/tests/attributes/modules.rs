//! The expressions of a module's attribute mean what they mean where the attribute is.

use std::time::Duration;

use isolated_test::{BoxError, Current, Outcome, Resource, isolated};

const KEY: &str = "attributes/modules/outside";
const SLOTS: u32 = 3;

/// The name of a resource, which the expressions mean instead.
#[expect(dead_code, reason = "nothing may call it")]
fn port() -> &'static str {
    "not the resource"
}

fn place() -> &'static str {
    "outside"
}

struct Place;

impl Resource for Place {
    type Handle = &'static str;

    fn provision(&mut self, _test: &Current) -> Result<&'static str, BoxError> {
        Ok("outside")
    }

    fn release(&mut self, _outcome: Outcome) -> Result<(), BoxError> {
        Ok(())
    }
}

mod limits {
    use super::Duration;

    pub(super) const LONG: Duration = Duration::from_secs(60);
}

#[isolated(
    port,
    serial = KEY,
    limit("attributes/modules/slots", SLOTS),
    at = Place,
    timeout = limits::LONG,
    env(AT = place(), BY_SELF = self::place(), PORT = port, TEXT = format!("{port} {}", place()), PART = place().to_owned().as_str())
)]
mod expressions {
    use std::env::var;

    use isolated_test::{ErrorKind, Key, isolated};

    // None of these is meant.
    const KEY: &str = "attributes/modules/inside";
    #[expect(dead_code, reason = "nothing may read it")]
    const SLOTS: &str = "no number";
    #[expect(dead_code, reason = "nothing may make one")]
    struct Place;
    mod limits {}

    fn place() -> &'static str {
        "inside"
    }

    fn assert_is_outside(port: u16, at: &str) {
        assert_eq!(var("AT").unwrap(), "outside");
        assert_eq!(var("BY_SELF").unwrap(), "outside");
        assert_eq!(var("PART").unwrap(), "outside");
        assert_eq!(var("PORT").unwrap(), port.to_string());
        assert_eq!(var("TEXT").unwrap(), format!("{port} outside"));
        assert_eq!(at, "outside");
        let is_held = |key| {
            let refused = Key::new(key).lock().err().map(|error| error.kind());
            refused == Some(ErrorKind::LockHeld)
        };
        assert!(is_held(super::KEY) && !is_held(KEY));
    }

    #[test]
    fn of_a_test(port: u16, at: &&'static str) {
        assert_is_outside(port, at);
    }

    /// Its own expressions mean what they mean here.
    #[isolated(env(AT = place()))]
    #[test]
    fn own() {
        assert_eq!(var("AT").unwrap(), "inside");
        assert_eq!(var("BY_SELF").unwrap(), "outside");
    }

    mod nested {
        #[test]
        fn of_a_test(port: u16, at: &&'static str) {
            super::assert_is_outside(port, at);
        }
    }

    #[isolated(env(NEAR = place(), NEAR_BY_SELF = self::place(), FAR = super::place()))]
    mod annotated {
        use std::env::var;

        fn place() -> &'static str {
            "in the middle of nowhere"
        }

        #[test]
        fn of_a_test(port: u16, at: &&'static str) {
            super::assert_is_outside(port, at);
            assert_eq!(var("NEAR").unwrap(), "inside");
            assert_eq!(var("NEAR_BY_SELF").unwrap(), "inside");
            assert_eq!(var("FAR").unwrap(), "outside");
            assert_eq!(place().len(), 24);
        }
    }
}

const ATTEMPTS: u32 = 2;
const WHY: &str = "a reason that is long enough";

fn directory() -> &'static str {
    "src"
}

#[isolated(retries = ATTEMPTS, quarantine = WHY, cwd = directory(), limit("attributes/modules/limit", self::ATTEMPTS))]
mod constants {
    // None of these is meant, and none would compile.
    #[expect(dead_code, reason = "nothing may read it")]
    const ATTEMPTS: &str = "no number";
    #[expect(dead_code, reason = "nothing may read it")]
    const WHY: u32 = 0;
    #[expect(dead_code, reason = "nothing may call it")]
    fn directory() -> u32 {
        0
    }

    #[test]
    fn of_a_test() {
        assert!(std::env::current_dir().unwrap().ends_with("tests/src"));
    }
}

const NUMBER: u16 = 18_493;

#[isolated(port(number = NUMBER), at = Place)]
mod resources {
    use rstest::rstest;

    #[expect(dead_code, reason = "nothing may read it")]
    const NUMBER: &str = "no number";
    #[expect(dead_code, reason = "nothing may make one")]
    struct Place;

    #[rstest]
    #[case(1)]
    fn of_a_case(#[case] one: u8, port: u16, at: &&'static str) {
        assert_eq!((one, port, *at), (1, super::NUMBER, "outside"));
    }
}

#[isolated(cwd, env(HERE = cwd))]
mod working_directory {
    #[test]
    fn has_a_name() {
        let here = std::env::var_os("HERE").unwrap();
        let dir = std::env::current_dir().unwrap();
        assert_eq!(
            std::fs::canonicalize(here).unwrap(),
            dir.canonicalize().unwrap()
        );
    }
}

mod keys {
    pub(super) const KEY: &str = "attributes/modules/another";
}

const SAME: &str = "attributes/modules/same";

/// Two keys that are spelled alike: the test holds both.
#[isolated(serial = SAME)]
mod spelled_alike {
    use isolated_test::{ErrorKind, Key, isolated};

    const SAME: &str = super::keys::KEY;

    #[isolated(serial = SAME)]
    #[test]
    fn holds_both() {
        for key in [SAME, super::SAME] {
            let refused = Key::new(key).lock().unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::LockHeld, "{key}");
        }
    }
}

/// Names that the module around the attribute does not have are those of the test's module.
#[isolated(serial = ONLY_INSIDE)]
mod only_inside {
    const ONLY_INSIDE: &str = "attributes/modules/only-inside";

    #[test]
    fn is_found() {
        let other = std::thread::spawn(|| {
            isolated_test::Key::new(ONLY_INSIDE)
                .try_lock()
                .unwrap()
                .is_none()
        });
        assert!(other.join().unwrap());
    }
}
