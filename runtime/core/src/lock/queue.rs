//! The queue of the threads of one process for one key: first come, first served.
//!
//! Only the thread at the head asks the kernel. That keeps the order, and spares the kernel a
//! crowd of waiters from every process.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::Error;

/// A fair queue of threads.
#[derive(Default)]
pub(crate) struct Queue {
    /// The first one is at the head.
    tickets: Mutex<VecDeque<Arc<Ticket>>>,
}

#[derive(Default)]
struct Ticket {
    called: Mutex<bool>,
    changed: Condvar,
}

/// The head of the queue; the next thread is called when it is dropped.
#[must_use = "the next thread is called as soon as this is dropped"]
pub(crate) struct Head<'a> {
    queue: &'a Queue,
    ticket: Arc<Ticket>,
}

impl Queue {
    /// Waits for this thread's turn. `pause` is asked again and again how long to wait until it is
    /// asked next, and may refuse.
    pub(crate) fn enter(
        &self,
        mut pause: impl FnMut() -> Result<Duration, Error>,
    ) -> Result<Head<'_>, Error> {
        let ticket = Arc::new(Ticket::default());
        let mut tickets = lock(&self.tickets);
        let is_first = tickets.is_empty();
        tickets.push_back(ticket.clone());
        drop(tickets);

        // Dropped on every way out, so that a thread that gives up leaves the queue too.
        let head = Head {
            queue: self,
            ticket,
        };
        if !is_first {
            head.ticket.wait(&mut pause)?;
        }
        Ok(head)
    }
}

impl Ticket {
    /// Waits until the ticket is called.
    fn wait(&self, pause: &mut dyn FnMut() -> Result<Duration, Error>) -> Result<(), Error> {
        loop {
            // Asked without the lock: looking for holders takes its time.
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
        let mut tickets = lock(&self.queue.tickets);
        let was_first = tickets
            .front()
            .is_some_and(|first| Arc::ptr_eq(first, &self.ticket));
        tickets.retain(|ticket| !Arc::ptr_eq(ticket, &self.ticket));
        if let Some(next) = tickets.front().filter(|_| was_first) {
            *lock(&next.called) = true;
            next.changed.notify_one();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
        assert_eq!(lock(&queue.tickets).len(), 1);
        drop(head);
        assert!(lock(&queue.tickets).is_empty());
    }
}
