//! `/dev/null`, or its substitute in a container that has none.

#![cfg_attr(
    target_os = "linux",
    expect(
        unsafe_code,
        reason = "the standard library has no files without a path"
    )
)]

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

const NULL: &str = "/dev/null";

/// Opens a file that is empty to readers, and whose content nobody reads.
pub(super) fn open() -> io::Result<OwnedFd> {
    match File::options().read(true).write(true).open(NULL) {
        Ok(file) => Ok(file.into()),
        Err(error) => in_memory().map_err(|_| {
            io::Error::new(error.kind(), format!("`{NULL}` cannot be opened: {error}"))
        }),
    }
}

/// A file in memory, which is freed with its last descriptor. All descriptors share one offset,
/// which is always the end of the file.
#[cfg(target_os = "linux")]
fn in_memory() -> io::Result<OwnedFd> {
    use std::os::fd::FromRawFd;

    // SAFETY: the name ends with a null, and nothing else owns the new descriptor.
    unsafe {
        let name = c"isolated-test-output".as_ptr();
        let file = super::supervisor::check(libc::memfd_create(name, libc::MFD_CLOEXEC))?;
        Ok(OwnedFd::from_raw_fd(file))
    }
}

#[cfg(not(target_os = "linux"))]
fn in_memory() -> io::Result<OwnedFd> {
    Err(io::ErrorKind::NotFound.into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs::File;
    use std::io::{Read, Write};

    use super::{in_memory, open};

    #[test]
    fn nothing_comes_and_everything_goes() {
        for nothing in [open().unwrap(), in_memory().unwrap()] {
            let mut nothing = File::from(nothing);
            for text in ["one", "two"] {
                assert_eq!(nothing.read(&mut [0]).unwrap(), 0);
                nothing.write_all(text.as_bytes()).unwrap();
            }
            assert_eq!(nothing.read(&mut [0]).unwrap(), 0);
        }
    }
}
