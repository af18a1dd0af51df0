//! The memory of a thread that waits in a system call.

use std::io::IoSliceMut;

use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::unistd::Pid;

/// The smallest size of a page. A read that stays in one page succeeds or fails as a whole.
const PAGE: usize = 4096;

/// The longest text that is read.
const LONGEST: usize = 4096;

/// Reads a text that ends with a null byte.
pub(super) fn text(thread: i32, address: u64) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut address = usize::try_from(address)
        .ok()
        .filter(|address| *address != 0)?;
    while text.len() < LONGEST {
        let mut part = [0; 256];
        let length = part.len().min(PAGE - address % PAGE);
        read(thread, address, &mut part[..length])?;
        if let Some(end) = part[..length].iter().position(|byte| *byte == 0) {
            text.extend_from_slice(&part[..end]);
            return Some(text);
        }
        text.extend_from_slice(&part[..length]);
        address += length;
    }
    None
}

/// Reads some bytes.
pub(super) fn bytes(thread: i32, address: u64, length: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; length];
    read(thread, usize::try_from(address).ok()?, &mut bytes)?;
    Some(bytes)
}

fn read(thread: i32, base: usize, into: &mut [u8]) -> Option<()> {
    let len = into.len();
    let from = [RemoteIoVec { base, len }];
    let count =
        process_vm_readv(Pid::from_raw(thread), &mut [IoSliceMut::new(into)], &from).ok()?;
    (count == len).then_some(())
}
