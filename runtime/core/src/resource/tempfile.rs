//! `tmpdir` as a [`TempDir`] of the crate `tempfile`, for helpers that take one.
//!
//! It is a directory inside the test's own one and goes with it: a failed test keeps it. So dropping
//! it removes nothing; [`TempDir::close`] does.

use tempfile::{Builder, TempDir};

use super::bind::FromTmpDir;
use super::tmpdir::TmpDir;

#[diagnostic::do_not_recommend]
impl FromTmpDir<'_> for TempDir {
    fn from_tmpdir(dir: &TmpDir) -> Self {
        make(dir)
    }
}

#[diagnostic::do_not_recommend]
impl<'cx> FromTmpDir<'cx> for &'cx TempDir {
    fn from_tmpdir(dir: &'cx TmpDir) -> Self {
        dir.borrowed().get_or_init(|| make(dir))
    }
}

fn make(parent: &TmpDir) -> TempDir {
    let mut builder = Builder::new();
    // Short, for the paths of sockets.
    builder.prefix("tmp").rand_bytes(3).disable_cleanup(true);
    builder.tempdir_in(parent).unwrap_or_else(|error| {
        panic!(
            "failed to make a directory in {}: {error}",
            parent.path().display()
        )
    })
}
