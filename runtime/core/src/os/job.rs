//! The calls of Windows that the standard library does not make: jobs and C streams.

#![expect(
    unsafe_code,
    reason = "the standard library knows no jobs, and not the streams of C"
)]

use std::ffi::OsString;
use std::io;
use std::mem::{offset_of, size_of, size_of_val};
use std::os::windows::ffi::OsStringExt;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::path::Path;
use std::process::Child;
use std::ptr;

use windows_sys::Win32::Foundation::ERROR_MORE_DATA;
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_BASIC_PROCESS_ID_LIST, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
    JobObjectBasicProcessIdList, JobObjectExtendedLimitInformation, QueryInformationJobObject,
    SetInformationJobObject, TerminateJobObject,
};
use windows_sys::Win32::System::Threading::{
    OpenProcess, PROCESS_NAME_WIN32, PROCESS_QUERY_LIMITED_INFORMATION, QueryFullProcessImageNameW,
};

/// The file name of the program of a process.
pub(super) fn program(id: u32) -> Option<String> {
    let mut path = vec![0_u16; 1024];
    let mut length = u32::try_from(path.len()).ok()?;
    // SAFETY: the first call takes numbers only, and nothing else owns the handle that it returns.
    // The second call writes at most `length` characters.
    let has_path = unsafe {
        let process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, id);
        if process.is_null() {
            return None;
        }
        let process = OwnedHandle::from_raw_handle(process);
        QueryFullProcessImageNameW(
            process.as_raw_handle(),
            PROCESS_NAME_WIN32,
            path.as_mut_ptr(),
            &raw mut length,
        )
    };
    check(has_path).ok()?;
    let path = OsString::from_wide(path.get(..usize::try_from(length).ok()?)?);
    let name = Path::new(&path).file_name()?;
    Some(name.to_string_lossy().into_owned())
}

/// Processes that end together.
#[derive(Debug)]
pub(super) struct Job(OwnedHandle);

impl Job {
    /// Creates a job that ends with this process at the latest. Its handle is not inherited.
    pub(super) fn new() -> io::Result<Job> {
        // SAFETY: the nulls stand for default rights and for no name, and nothing else owns the
        // returned handle.
        let job = unsafe {
            let job = CreateJobObjectW(ptr::null(), ptr::null());
            if job.is_null() {
                return Err(io::Error::last_os_error());
            }
            Job(OwnedHandle::from_raw_handle(job))
        };
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
        // SAFETY: the structure is the one that belongs to the information class.
        check(unsafe {
            SetInformationJobObject(
                job.0.as_raw_handle(),
                JobObjectExtendedLimitInformation,
                (&raw const limits).cast(),
                size(&limits),
            )
        })?;
        Ok(job)
    }

    /// Puts a process into the job, with everything that it will start. If that fails, ends it.
    pub(super) fn admit(&self, process: &mut Child) -> io::Result<()> {
        // SAFETY: both handles are open.
        let admitted = check(unsafe {
            AssignProcessToJobObject(self.0.as_raw_handle(), process.as_raw_handle())
        });
        // A process that has ended already is not admitted, which is no error.
        if admitted.is_err() && process.try_wait()?.is_none() {
            process.kill()?;
            process.wait()?;
            return admitted;
        }
        Ok(())
    }

    /// Ends all processes in the job.
    pub(super) fn end(&self) {
        // SAFETY: the handle is open and has the necessary right, so the call does not fail.
        unsafe { TerminateJobObject(self.0.as_raw_handle(), 1) };
    }

    /// Lists the processes in the job that have not ended.
    pub(super) fn processes(&self) -> io::Result<Vec<u32>> {
        type List = JOBOBJECT_BASIC_PROCESS_ID_LIST;
        /// The length of the fields before the identifiers, in identifiers.
        const HEAD: usize = offset_of!(List, ProcessIdList) / size_of::<usize>();

        let mut list = vec![0_usize; HEAD + 64];
        loop {
            // SAFETY: the list can be written for its length.
            let result = check(unsafe {
                QueryInformationJobObject(
                    self.0.as_raw_handle(),
                    JobObjectBasicProcessIdList,
                    list.as_mut_ptr().cast(),
                    size(&*list),
                    ptr::null_mut(),
                )
            });
            match result {
                Ok(()) => break,
                Err(error) if error.raw_os_error() == i32::try_from(ERROR_MORE_DATA).ok() => {
                    list.resize(list.len() * 2, 0);
                }
                Err(error) => return Err(error),
            }
        }
        // SAFETY: the list is aligned for its identifiers, is longer than the structure, and holds
        // only numbers.
        let head = unsafe { list.as_ptr().cast::<List>().read() };
        let count = usize::try_from(head.NumberOfProcessIdsInList).unwrap_or_default();
        let listed = list.into_iter().skip(HEAD).take(count);
        Ok(listed.filter_map(|id| u32::try_from(id).ok()).collect())
    }
}

/// The size of a value in the type that the system takes.
fn size<T: ?Sized>(value: &T) -> u32 {
    u32::try_from(size_of_val(value)).unwrap_or(u32::MAX)
}

/// The error of a call, if its result is zero.
fn check(result: i32) -> io::Result<()> {
    if result == 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

/// Replaces standard input with an empty one, for Rust and for C.
pub(super) fn empty_stdin() -> io::Result<()> {
    // SAFETY: the path ends with a null, and the new descriptor is closed once. The second call
    // closes the previous standard input and replaces it, also for the system.
    let result = unsafe {
        let nothing = libc::open(c"NUL".as_ptr(), libc::O_RDONLY);
        let result = libc::dup2(nothing, 0);
        libc::close(nothing);
        result
    };
    if result < 0 {
        return Err(io::Error::other("standard input cannot be replaced"));
    }
    Ok(())
}

/// Flushes the output buffers of C.
pub(super) fn flush_c() {
    // SAFETY: null stands for all streams.
    unsafe { libc::fflush(ptr::null_mut()) };
}
