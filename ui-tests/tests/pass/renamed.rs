//! A crate that re-exports ours under another name.

mod facade {
    pub(crate) mod testing {
        pub(crate) use isolated_test::*;
    }
}

use facade::testing::isolated as alone_in_the_world;

#[alone_in_the_world(crate = crate::renamed::facade::testing, port, serial = "ui-tests renamed")]
#[test]
fn function(port: u16) {
    assert_ne!(port, 0);
}

#[alone_in_the_world(crate = crate::renamed::facade::testing, port)]
mod module {
    #[test]
    fn function(port: u16) {
        assert_ne!(port, 0);
    }
}
