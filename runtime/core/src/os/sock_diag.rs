//! Asks the kernel which sockets listen on a port, through netlink.
//!
//! `/proc/net/tcp` lists them too, but together with all connections: for that, the kernel walks a table
//! with hundreds of thousands of slots, which takes milliseconds. Here, it walks the listening sockets
//! only.

#![expect(unsafe_code, reason = "the standard library knows no netlink")]

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{FromRawFd, OwnedFd};

use super::supervisor::check;

/// The length of the header of a message.
const HEADER: usize = 16;

/// The port in a request and in a message that describes a socket (`struct inet_diag_msg`), and the
/// inode in such a message.
const PORT: usize = 4;
const INODE: usize = 68;

/// The kinds of messages.
const TCPDIAG_GETSOCK: u16 = 18;
const ERROR: u16 = 2;
const DONE: u16 = 3;

/// The inodes of the sockets that listen on a TCP port, in the network of this process.
///
/// Fails where the kernel has no such interface.
pub(super) fn listening(port: u16) -> io::Result<Vec<u32>> {
    // SAFETY: the call takes numbers only, and nothing else owns the new descriptor.
    let socket = unsafe {
        let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC;
        let socket = libc::socket(libc::AF_NETLINK, kind, libc::NETLINK_SOCK_DIAG);
        OwnedFd::from_raw_fd(check(socket)?)
    };
    let mut kernel = File::from(socket);
    let mut inodes = Vec::new();
    kernel.write_all(&request(port))?;
    while !read_some(&mut kernel, port, &mut inodes)? {}
    Ok(inodes)
}

/// A request for the sockets of both families that listen on a port (`struct inet_diag_req`).
///
/// The newer `SOCK_DIAG_BY_FAMILY` takes twice as long, because it needs a request for each family.
fn request(port: u16) -> [u8; 76] {
    const ALL: u16 = 0x301;
    const LISTENING: u32 = 1 << 10;

    let mut request = [0; 76];
    let mut set = |at: usize, value: &[u8]| request[at..at + value.len()].copy_from_slice(value);
    set(0, &76_u32.to_ne_bytes());
    set(4, &TCPDIAG_GETSOCK.to_ne_bytes());
    set(6, &ALL.to_ne_bytes());
    set(HEADER + PORT, &port.to_be_bytes());
    set(HEADER + 52, &LISTENING.to_ne_bytes());
    request
}

/// Reads some messages of an answer. Returns whether the answer is complete.
fn read_some(kernel: &mut File, port: u16, inodes: &mut Vec<u32>) -> io::Result<bool> {
    let mut buffer = [0; 16 * 1024];
    let read = match kernel.read(&mut buffer) {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(false),
        result => result?,
    };
    let mut rest = &buffer[..read];
    while let Some(header) = rest.first_chunk::<HEADER>() {
        let length = usize::try_from(number(header, 0)?).unwrap_or(usize::MAX);
        let kind = u16::from_ne_bytes([header[4], header[5]]);
        let body = rest.get(HEADER..length).ok_or_else(malformed)?;
        match kind {
            // Both contain the number of an error, or zero.
            DONE | ERROR => {
                return match number(body, 0)? {
                    0 => Ok(true),
                    _ => Err(io::ErrorKind::Unsupported.into()),
                };
            }
            TCPDIAG_GETSOCK if body.get(PORT..PORT + 2) == Some(&port.to_be_bytes()) => {
                inodes.push(number(body, INODE)?);
            }
            _ => {}
        }
        // Messages are aligned.
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    if read == 0 {
        Err(malformed())
    } else {
        Ok(false)
    }
}

fn number(of: &[u8], at: usize) -> io::Result<u32> {
    let bytes = of.get(at..).and_then(|rest| rest.first_chunk());
    bytes.copied().map(u32::from_ne_bytes).ok_or_else(malformed)
}

fn malformed() -> io::Error {
    io::ErrorKind::InvalidData.into()
}
