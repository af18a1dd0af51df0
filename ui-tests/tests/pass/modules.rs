//! Modules, nested modules, and the attributes of single tests in them.

use isolated_test::isolated;

#[isolated(port, tmpdir, serial = "ui-tests modules")]
mod outer {
    use std::path::Path;

    use isolated_test::{Port, TmpDir, isolated, isolated as iso};
    use rstest::rstest;

    #[test]
    fn inherits(port: Port, tmpdir: &TmpDir) {
        assert!(port.number() > 0 && tmpdir.path().exists());
    }

    #[isolated(seed, port(count = 2))]
    #[test]
    fn adds(port: [u16; 2], tmpdir: &Path, _seed: u64) {
        assert!(port[0] != port[1] && tmpdir.exists());
    }

    #[test]
    #[isolated(shared = "ui-tests modules")]
    fn stands_below_its_test_attribute(port: u16) {
        assert_ne!(port, 0);
    }

    #[cfg_attr(any(), isolated(seed))]
    #[test]
    fn has_none_of_its_own_here(port: u16) {
        assert_ne!(port, 0);
    }

    #[cfg_attr(all(), isolated(seed))]
    #[test]
    fn has_one_of_its_own_here(port: u16, seed: u64) {
        assert!(port > 0 || seed > 0);
    }

    #[isolated(off)]
    #[test]
    fn is_left_out() {
        assert!(isolated_test::try_current().is_none());
    }

    #[isolated(off)]
    mod left_out {
        #[test]
        fn is_left_out_too() {
            assert!(isolated_test::try_current().is_none());
        }
    }

    #[cfg_attr(any(), isolated(off))]
    #[test]
    fn is_not_left_out_here(port: u16) {
        assert!(port > 0 && isolated_test::try_current().is_some());
    }

    #[iso(seed)]
    #[test]
    fn has_one_by_another_name(port: u16, seed: u64) {
        assert!(port > 0 || seed > 0);
    }

    macro_rules! make {
        ($(#[$meta:meta] $vis:vis $name:ident)*) => {
            $(
                #[$meta]
                #[test]
                $vis fn $name(port: u16) {
                    assert_ne!(port, 0);
                    assert!(isolated_test::current().tmpdir().exists());
                }
            )*
        };
    }

    make!(
        #[doc = "Made in the module."] pub(super) made
        #[isolated(seed)] made_with_more
    );

    fn _helper(port: u16) -> u16 {
        port
    }

    pub(crate) mod nested {
        use super::*;

        #[rstest]
        #[case(1)]
        fn cases(#[case] n: u16, port: u16) {
            assert!(n > 0 && port > 0);
        }

        #[isolated(namespace)]
        mod annotated {
            #[tokio::test]
            async fn inherits_from_both(port: u16, namespace: &str) {
                assert!(port > 0 && !namespace.is_empty());
            }
        }
    }
}
