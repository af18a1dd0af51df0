//! The processes that tests of one state directory have started, and when they are gone.
//!
//! A job around each inner test contains them: the jobs of the runtime are nested in it, so one that
//! escapes from these is seen here.

#![expect(unsafe_code, reason = "the standard library knows no jobs")]

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::process::Child;
use std::ptr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use windows_sys::Win32::Foundation::WAIT_TIMEOUT;
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOBOBJECT_BASIC_PROCESS_ID_LIST,
    JobObjectBasicProcessIdList, QueryInformationJobObject,
};
use windows_sys::Win32::System::Threading::{
    OpenProcess, PROCESS_SYNCHRONIZE, WaitForSingleObject,
};

use crate::{PATIENCE, State};

/// Everything that inner tests of one state directory start.
#[derive(Debug, Clone)]
pub(crate) struct Job(Arc<OwnedHandle>);

impl Job {
    pub(crate) fn new() -> Self {
        // SAFETY: the nulls stand for default rights and for no name, and nothing else owns the
        // returned handle.
        let job = unsafe {
            let job = CreateJobObjectW(ptr::null(), ptr::null());
            assert!(!job.is_null(), "{}", io::Error::last_os_error());
            OwnedHandle::from_raw_handle(job)
        };
        Job(Arc::new(job))
    }

    /// Puts a process into the job that was just started and has no time yet to start others.
    pub(crate) fn admit(&self, process: &Child) {
        // SAFETY: both handles are open.
        let result =
            unsafe { AssignProcessToJobObject(self.0.as_raw_handle(), process.as_raw_handle()) };
        assert!(result != 0, "{}", io::Error::last_os_error());
    }
}

impl State {
    /// Lists the living processes that inner tests of this directory have started, and these tests.
    ///
    /// # Panics
    ///
    /// Panics when they are not known, or there are more than a hundred.
    #[must_use]
    pub fn processes(&self) -> Vec<u32> {
        #[repr(C)]
        struct List {
            head: JOBOBJECT_BASIC_PROCESS_ID_LIST,
            more: [usize; 100],
        }

        let mut list = List {
            head: JOBOBJECT_BASIC_PROCESS_ID_LIST::default(),
            more: [0; 100],
        };
        let size = u32::try_from(size_of::<List>()).unwrap_or_default();
        // SAFETY: the list can be written for its size.
        let result = unsafe {
            QueryInformationJobObject(
                self.job().0.as_raw_handle(),
                JobObjectBasicProcessIdList,
                (&raw mut list).cast(),
                size,
                ptr::null_mut(),
            )
        };
        assert!(result != 0, "{}", io::Error::last_os_error());
        let count = usize::try_from(list.head.NumberOfProcessIdsInList).unwrap_or_default();
        let listed = list.head.ProcessIdList.iter().chain(&list.more).take(count);
        listed
            .map(|id| u32::try_from(*id).unwrap_or(u32::MAX))
            .collect()
    }

    /// Waits until nobody holds a record any more: inner tests hold them, and every process that they
    /// have started ends with them.
    ///
    /// # Panics
    ///
    /// Panics when that takes too long.
    pub fn wait_until_records_are_free(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.processes() != [] {
            assert!(Instant::now() < deadline, "{:?}", self.processes());
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Tells whether a process is there and has not ended.
#[must_use]
pub fn is_alive(pid: u32) -> bool {
    // SAFETY: the calls take numbers and a handle that is open, which nothing else owns.
    unsafe {
        let process = OpenProcess(PROCESS_SYNCHRONIZE, 0, pid);
        if process.is_null() {
            return false;
        }
        let process = OwnedHandle::from_raw_handle(process);
        WaitForSingleObject(process.as_raw_handle(), 0) == WAIT_TIMEOUT
    }
}
