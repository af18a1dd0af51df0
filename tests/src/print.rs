//! Output as code in other languages writes it.

#![expect(unsafe_code, reason = "C has its own way to standard output")]

use std::ffi::CStr;
use std::io;

/// Prints a line through the C library, which keeps it in its buffer for a while.
pub fn in_c(line: &CStr) {
    // SAFETY: the text ends with a null.
    unsafe { libc::puts(line.as_ptr()) };
}

/// Writes bytes to a descriptor in one call, without any buffer.
///
/// # Errors
///
/// Fails if not all of them can be written.
pub fn write(to: i32, bytes: &[u8]) -> io::Result<()> {
    #[cfg(unix)]
    let length = bytes.len();
    #[cfg(windows)]
    let length = libc::c_uint::try_from(bytes.len()).map_err(io::Error::other)?;
    // SAFETY: the buffer can be read for its length.
    let written = unsafe { libc::write(to, bytes.as_ptr().cast(), length) };
    match usize::try_from(written) {
        Ok(written) if written == bytes.len() => Ok(()),
        Ok(_) => Err(io::ErrorKind::WriteZero.into()),
        Err(_) => Err(io::Error::last_os_error()),
    }
}
