//! The queue of the threads of one process for one key: first come, first served.
//!
//! Only the thread at the head asks the kernel. That keeps the order and spares the kernel a crowd
//! of waiters from every process.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::error::Error;
use crate::mutex::lock;

/// A fair queue of threads.
#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<QueueState>,
}

#[derive(Default)]
struct QueueState {
    /// Whether a thread is at the head, or has been called there.
    has_head: bool,
    /// The threads behind the head, in order. A thread that finds no head needs no ticket.
    waiting: VecDeque<Arc<Ticket>>,
}

impl QueueState {
    /// Calls the next thread to the head, if there is one.
    fn call_next(&mut self) {
        let next = self.waiting.pop_front();
        self.has_head = next.is_some();
        if let Some(next) = next {
            *lock(&next.called) = true;
            next.changed.notify_one();
        }
    }
}

#[derive(Default)]
struct Ticket {
    called: Mutex<bool>,
    changed: Condvar,
}

/// The head of the queue. Dropping it calls the next thread.
#[must_use = "the next thread is called as soon as this is dropped"]
pub(crate) struct Head<'a> {
    queue: &'a Queue,
}

impl Queue {
    /// Whether no thread is at the head.
    pub(crate) fn is_empty(&self) -> bool {
        !lock(&self.state).has_head
    }

    /// Waits for this thread's turn. `pause` returns how long to wait until its next call, or an
    /// error to give up.
    pub(crate) fn enter(
        &self,
        mut pause: impl FnMut() -> Result<Duration, Error>,
    ) -> Result<Head<'_>, Error> {
        let ticket = {
            let mut state = lock(&self.state);
            if !mem::replace(&mut state.has_head, true) {
                return Ok(Head { queue: self });
            }
            let ticket = Arc::new(Ticket::default());
            state.waiting.push_back(ticket.clone());
            ticket
        };
        // Dropped on every early exit, so that a thread that gives up also leaves the queue.
        let place = QueuePlace {
            queue: self,
            ticket: &ticket,
        };
        ticket.wait(&mut pause)?;
        mem::forget(place);
        Ok(Head { queue: self })
    }
}

/// A place in the queue. Dropping it leaves the queue.
struct QueuePlace<'a> {
    queue: &'a Queue,
    ticket: &'a Arc<Ticket>,
}

impl Drop for QueuePlace<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.queue.state);
        let ahead = state.waiting.len();
        state
            .waiting
            .retain(|ticket| !Arc::ptr_eq(ticket, self.ticket));
        // If the ticket was gone, this thread has been called meanwhile and is at the head.
        if state.waiting.len() == ahead {
            state.call_next();
        }
    }
}

impl Ticket {
    /// Waits until the ticket is called.
    fn wait(&self, pause: &mut dyn FnMut() -> Result<Duration, Error>) -> Result<(), Error> {
        loop {
            // Call `pause` without the mutex: looking up holders takes time.
            let pause = pause()?;
            let (called, _) = self
                .changed
                .wait_timeout_while(lock(&self.called), pause, |called| !*called)
                .unwrap_or_else(PoisonError::into_inner);
            if *called {
                return Ok(());
            }
        }
    }
}

impl Drop for Head<'_> {
    fn drop(&mut self) {
        lock(&self.queue.state).call_next();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::sync::{Arc, Mutex};
    use std::thread;
    use std::time::Duration;

    use super::{Queue, lock};
    use crate::error::{Error, ErrorKind};

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn threads_are_served_in_the_order_in_which_they_came() {
        let queue = Arc::new(Queue::default());
        let served = Arc::new(Mutex::new(Vec::new()));
        let head = queue.enter(|| Ok(LONG)).unwrap();
        let threads: Vec<_> = (0..16)
            .map(|number| {
                let (entered, has_entered) = mpsc::channel();
                let (queue, served) = (queue.clone(), served.clone());
                let thread = thread::spawn(move || {
                    let _head = queue.enter(|| {
                        let _ = entered.send(());
                        Ok(LONG)
                    });
                    lock(&served).push(number);
                });
                has_entered.recv().unwrap();
                thread
            })
            .collect();
        drop(head);
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(*lock(&served), (0..16).collect::<Vec<_>>());
    }

    #[test]
    fn a_thread_that_gives_up_leaves_the_queue() {
        let queue = Queue::default();
        let head = queue.enter(|| Ok(LONG)).unwrap();
        let refused = queue.enter(|| Err(Error::new(ErrorKind::Lock, "wait")));
        assert!(refused.is_err());
        assert!(lock(&queue.state).waiting.is_empty());
        drop(head);
        assert!(!lock(&queue.state).has_head);
    }

    #[test]
    fn a_thread_that_gives_up_when_it_has_been_called_calls_the_next() {
        let queue = Queue::default();
        let mut head = Some(queue.enter(|| Ok(LONG)).unwrap());
        let refused = queue.enter(|| {
            head = None;
            Err(Error::new(ErrorKind::Lock, "wait"))
        });
        assert!(refused.is_err());
        let _next = queue
            .enter(|| panic!("a thread waits for one that has left"))
            .unwrap();
    }
}
