//! Mailboxes that programs of one machine share.

use std::ffi::CStr;
use std::io;
use std::ptr;

fn check(result: i32) -> io::Result<i32> {
    if result == -1 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

/// The number of waiting messages, in shared memory.
#[derive(Debug)]
pub struct Waiting(*mut u32);

impl Waiting {
    /// POSIX shared memory with a name such as `/mail`.
    pub fn named(name: &CStr) -> io::Result<Waiting> {
        let size = size_of::<u32>();
        // SAFETY: the name is a string, and the result of each call is checked.
        unsafe {
            let file = check(libc::shm_open(
                name.as_ptr(),
                libc::O_CREAT | libc::O_RDWR,
                0o600,
            ))?;
            let sized = check(libc::ftruncate(file, size.try_into().unwrap()));
            let access = libc::PROT_READ | libc::PROT_WRITE;
            let memory = libc::mmap(ptr::null_mut(), size, access, libc::MAP_SHARED, file, 0);
            libc::close(file);
            sized?;
            if memory == libc::MAP_FAILED {
                return Err(io::Error::last_os_error());
            }
            Ok(Waiting(memory.cast()))
        }
    }

    pub fn set(&self, number: u32) {
        // SAFETY: the memory is mapped as long as `self` lives.
        unsafe { self.0.write_volatile(number) };
    }

    pub fn get(&self) -> u32 {
        // SAFETY: the memory is mapped as long as `self` lives.
        unsafe { self.0.read_volatile() }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // SAFETY: it was mapped with this size.
        unsafe { libc::munmap(self.0.cast(), size_of::<u32>()) };
    }
}

/// Whether there is shared memory of this name.
pub fn has_waiting(name: &CStr) -> bool {
    // SAFETY: the name is a string.
    unsafe {
        let file = libc::shm_open(name.as_ptr(), libc::O_RDONLY, 0);
        file != -1 && libc::close(file) == 0
    }
}

pub fn remove_waiting(name: &CStr) {
    // SAFETY: the name is a string.
    unsafe { libc::shm_unlink(name.as_ptr()) };
}

/// The number of the last message, in System V shared memory.
#[derive(Debug)]
pub struct Last(i32, *mut u32);

impl Last {
    pub fn with_key(key: i32) -> io::Result<Last> {
        // SAFETY: the result of each call is checked.
        unsafe {
            let id = check(libc::shmget(key, size_of::<u32>(), libc::IPC_CREAT | 0o600))?;
            let memory = libc::shmat(id, ptr::null(), 0);
            if memory.addr() == usize::MAX {
                return Err(io::Error::last_os_error());
            }
            Ok(Last(id, memory.cast()))
        }
    }

    pub fn set(&self, number: u32) {
        // SAFETY: the memory is attached as long as `self` lives.
        unsafe { self.1.write_volatile(number) };
    }

    pub fn get(&self) -> u32 {
        // SAFETY: the memory is attached as long as `self` lives.
        unsafe { self.1.read_volatile() }
    }

    pub fn remove(self) {
        // SAFETY: it is a valid identifier.
        unsafe { libc::shmctl(self.0, libc::IPC_RMID, ptr::null_mut()) };
    }
}

impl Drop for Last {
    fn drop(&mut self) {
        // SAFETY: it was attached at this address.
        unsafe { libc::shmdt(self.1.cast()) };
    }
}

/// Free places, as a named semaphore.
#[derive(Debug)]
pub struct Places(*mut libc::sem_t);

impl Places {
    pub fn open(name: &CStr, places: u32) -> io::Result<Places> {
        // SAFETY: the name is a string.
        let semaphore = unsafe { libc::sem_open(name.as_ptr(), libc::O_CREAT, 0o600, places) };
        if semaphore == libc::SEM_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Places(semaphore))
    }

    /// Takes a place, if one is free.
    pub fn take(&self) -> bool {
        // SAFETY: the semaphore is open as long as `self` lives.
        unsafe { libc::sem_trywait(self.0) == 0 }
    }

    pub fn give_back(&self) {
        // SAFETY: the semaphore is open as long as `self` lives.
        unsafe { libc::sem_post(self.0) };
    }

    pub fn remove(name: &CStr) {
        // SAFETY: the name is a string.
        unsafe { libc::sem_unlink(name.as_ptr()) };
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        // SAFETY: nothing uses it any more.
        unsafe { libc::sem_close(self.0) };
    }
}

/// Messages that wait in a queue of the system.
#[derive(Debug)]
pub struct Outbox(libc::mqd_t);

impl Outbox {
    const SIZE: usize = 64;

    pub fn open(name: &CStr) -> io::Result<Outbox> {
        // SAFETY: all zeros is a valid value of the structure.
        let mut attributes: libc::mq_attr = unsafe { std::mem::zeroed() };
        attributes.mq_maxmsg = 4;
        attributes.mq_msgsize = Outbox::SIZE.try_into().unwrap();
        let flags = libc::O_CREAT | libc::O_RDWR | libc::O_NONBLOCK;
        // SAFETY: the name is a string, and the attributes are initialised.
        let queue = unsafe { libc::mq_open(name.as_ptr(), flags, 0o600, &raw mut attributes) };
        check(queue).map(Outbox)
    }

    pub fn send(&self, message: &str) -> io::Result<()> {
        // SAFETY: the pointer and the length belong to one string.
        let sent = unsafe { libc::mq_send(self.0, message.as_ptr().cast(), message.len(), 0) };
        check(sent).map(drop)
    }

    pub fn receive(&self) -> io::Result<String> {
        let mut buffer = [0_u8; Outbox::SIZE];
        // SAFETY: the buffer has the size of the largest message.
        let length = unsafe {
            let buffer = buffer.as_mut_ptr().cast();
            libc::mq_receive(self.0, buffer, Outbox::SIZE, ptr::null_mut())
        };
        let length = usize::try_from(length).map_err(|_| io::Error::last_os_error())?;
        Ok(String::from_utf8_lossy(&buffer[..length]).into_owned())
    }

    pub fn remove(name: &CStr) {
        // SAFETY: the name is a string.
        unsafe { libc::mq_unlink(name.as_ptr()) };
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        // SAFETY: nothing uses it any more.
        unsafe { libc::mq_close(self.0) };
    }
}
