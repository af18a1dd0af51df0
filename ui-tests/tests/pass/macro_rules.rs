//! Tests that a macro makes, whose parts come in invisible groups.

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
