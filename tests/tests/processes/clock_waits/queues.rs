//! Waits for message queues.

use std::ffi::CString;
use std::mem::MaybeUninit;
use std::ptr;

use isolated_test::current;

use super::{assert_waits, error};

/// Waits for a message, and then for room for another one.
pub(super) fn wait_for_each() {
    let queue = open();
    let mut text = [0_u8; 1];
    // SAFETY: the queue is open, its messages are as long as the text, and nobody asks for a priority.
    assert_waits(libc::CLOCK_REALTIME, |until| unsafe {
        let text = text.as_mut_ptr().cast();
        let received = libc::mq_timedreceive(queue, text, 1, ptr::null_mut(), until);
        error(received.try_into().unwrap())
    });
    // SAFETY: as above.
    assert_eq!(
        unsafe { libc::mq_send(queue, text.as_ptr().cast(), 1, 0) },
        0
    );
    // SAFETY: as above.
    assert_waits(libc::CLOCK_REALTIME, |until| unsafe {
        error(libc::mq_timedsend(queue, text.as_ptr().cast(), 1, 0, until))
    });
}

/// A queue with room for one message of one byte, which ends with this process. If the process is
/// killed before the name is removed, the queue stays until the machine ends.
fn open() -> libc::mqd_t {
    let name = CString::new(format!("/isolated-test-{}", current().namespace())).unwrap();
    let flags = libc::O_RDWR | libc::O_CREAT | libc::O_EXCL | libc::O_CLOEXEC;
    // SAFETY: zeros are attributes too.
    let mut attributes = unsafe { MaybeUninit::<libc::mq_attr>::zeroed().assume_init() };
    (attributes.mq_maxmsg, attributes.mq_msgsize) = (1, 1);
    // SAFETY: the name ends with a null, and the mode and the attributes follow it.
    let queue = unsafe { libc::mq_open(name.as_ptr(), flags, 0o600, &raw const attributes) };
    assert!(queue >= 0, "{}", std::io::Error::last_os_error());
    // SAFETY: the name ends with a null.
    assert_eq!(unsafe { libc::mq_unlink(name.as_ptr()) }, 0);
    queue
}
