//! A file of tests that is unchanged but for the two lines around it.

isolated_test::isolate_file! { #![isolated(tmpdir, serial = "ui-tests file")]

use isolated_test::{TmpDir, current};

/// A helper without a test attribute.
fn path() -> String {
    current().tmpdir().path().display().to_string()
}

#[test]
fn inherits(tmpdir: &TmpDir) {
    assert_eq!(path(), tmpdir.path().display().to_string());
    assert_eq!(current().name(), "pass::file::inherits");
}

#[isolated(port)]
#[test]
fn adds(port: u16) {
    assert!(port > 0 && !path().is_empty());
}

mod nested {
    #[test]
    fn inherits_as_well() {
        assert!(current_dir().is_dir());
    }

    fn current_dir() -> std::path::PathBuf {
        isolated_test::current().tmpdir().path().to_owned()
    }
}

use isolated_test::isolated;

}
