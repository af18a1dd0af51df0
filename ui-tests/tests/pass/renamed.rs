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

#[facade::testing::test(crate = crate::renamed::facade::testing, port)]
fn function_in_one_line(port: u16) {
    assert_ne!(port, 0);
}

#[alone_in_the_world(crate = crate::renamed::facade::testing, port)]
mod module {
    use super::facade::testing;

    #[test]
    fn function(port: u16) {
        assert_ne!(port, 0);
    }

    #[testing::test(tmpdir)]
    fn is_a_test_at_once(port: u16, tmpdir: &testing::TmpDir) {
        assert!(port > 0 && tmpdir.exists());
    }

    #[tokio::test]
    async fn is_generated(port: u16) {
        tokio::task::yield_now().await;
        assert_eq!(testing::current().port().number(), port);
    }
}

#[alone_in_the_world(crate = crate::renamed::facade::testing, port)]
mod imports {
    use super::facade::testing::{self as it, test as in_one_line};

    #[in_one_line(tmpdir)]
    fn renamed_attribute(port: u16, tmpdir: &it::TmpDir) {
        assert!(port > 0 && tmpdir.exists());
    }

    #[cfg_attr(all(), it::test(tmpdir))]
    fn renamed_crate(port: u16, tmpdir: &it::TmpDir) {
        assert!(port > 0 && tmpdir.exists());
    }
}
