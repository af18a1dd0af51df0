//! Tests that a macro generates, whose parts arrive in invisible groups.

use std::path::Path;

use isolated_test::{BoxError, Current, Resource, isolated};

struct Number(u32);

impl Resource for Number {
    type Handle = u32;

    fn provision(&mut self, _: &Current) -> Result<u32, BoxError> {
        Ok(self.0)
    }
}

macro_rules! test {
    ($vis:vis $name:ident, $key:literal, $count:literal, $dir:ident: $ty:ty, $own:expr, $body:block) => {
        #[isolated(serial = $key, $dir = tmpdir, ports = port(count = $count), number = $own)]
        #[test]
        $vis fn $name($dir: $ty, ports: [u16; $count], number: &u32) {
            assert!($dir.exists() && ports.len() == $count && *number == 3);
            $body
        }
    };
}

test!(pub(crate) made, "ui-tests macro", 3, dir: &Path, Number(3), {
    assert!(std::env::current_dir().is_ok());
});

macro_rules! annotate {
    ($item:item) => {
        #[isolated(port)]
        $item
    };
}

annotate! {
    #[test]
    fn annotated(port: u16) {
        assert_ne!(port, 0);
    }
}

macro_rules! surrounded {
    ($name:ident, $text:literal, $value:expr, $limit:literal, $dir:ident) => {
        #[isolated($dir = tmpdir, env($name = $value, $text = $dir, unset(HOME)), timeout = $limit, cwd = $dir)]
        #[test]
        fn surrounded() {
            assert_eq!(std::env::var(stringify!($name)), Ok($value.to_string()));
            assert!(std::env::var_os($text).is_some());
        }
    };
}

surrounded!(NUMBER, "odd-dir", 1 + 2, "30s", site);

macro_rules! valued {
    ($name:ident: $ty:ty = $value:expr, $dir:ident) => {
        #[isolated($dir = tmpdir, $name = value($value), path = value($dir.join(stringify!($name))))]
        #[test]
        fn valued($name: $ty, path: std::path::PathBuf) {
            assert_eq!($name, 3);
            assert!(path.ends_with(stringify!($name)));
        }
    };
}

valued!(number: u8 = "3".parse()?, site);
