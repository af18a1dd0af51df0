//! Lends a closure to another thread while a function runs.

use std::mem;
use std::ptr::NonNull;
use std::sync::Mutex;

use crate::mutex::lock;

/// The slot of a closure while it is lent.
pub(crate) struct Loan<T>(Mutex<Option<Lent<T>>>);

/// A closure that is valid while it is in a [`Loan`].
struct Lent<T>(NonNull<dyn FnMut() -> T + Send>);

// SAFETY: the owner of this value may use the closure, which itself may be sent to other threads.
#[expect(unsafe_code, reason = "pointers are not sent without a reason")]
unsafe impl<T> Send for Lent<T> {}

impl<T> Loan<T> {
    pub(crate) fn new() -> Self {
        Loan(Mutex::new(None))
    }

    /// Lends a closure while a function runs. Returns only after the last call of the closure.
    pub(crate) fn during<R>(
        &self,
        lent: &mut (dyn FnMut() -> T + Send),
        act: impl FnOnce() -> R,
    ) -> R {
        /// Takes the closure back, even if the function panics.
        struct TakeBack<'a, T>(&'a Loan<T>);

        impl<T> Drop for TakeBack<'_, T> {
            fn drop(&mut self) {
                *lock(&self.0.0) = None;
            }
        }

        let pointer: NonNull<dyn FnMut() -> T + Send + '_> = NonNull::from(lent);
        // SAFETY: only the lifetime changes. The pointer is used only while it is in the loan,
        // under its lock, and it is removed under the same lock before this function returns. So it
        // is never used after that, and `lent` is borrowed exclusively until then.
        #[expect(unsafe_code, reason = "the other thread does not know the lifetime")]
        let pointer = unsafe {
            mem::transmute::<
                NonNull<dyn FnMut() -> T + Send + '_>,
                NonNull<dyn FnMut() -> T + Send + 'static>,
            >(pointer)
        };
        let _take_back = TakeBack(self);
        *lock(&self.0) = Some(Lent(pointer));
        act()
    }

    /// Calls the closure, if one is lent at the moment.
    pub(crate) fn call(&self) -> Option<T> {
        let mut lent = lock(&self.0);
        // SAFETY: it is in the loan, so it is valid and nothing else uses it; the lock is held
        // until the call returns.
        #[expect(
            unsafe_code,
            reason = "the lifetime of the closure is that of its loan"
        )]
        lent.as_mut().map(|lent| unsafe { lent.0.as_mut() }())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Barrier, Mutex, mpsc};
    use std::thread;
    use std::time::Duration;

    use super::Loan;

    #[test]
    fn what_is_lent_is_called_elsewhere_and_only_while_it_is_lent() {
        let loan = Loan::new();
        assert_eq!(loan.call(), None);
        let mut calls = 0;
        let mut count = || {
            calls += 1;
            calls
        };
        thread::scope(|scope| {
            let called = loan.during(&mut count, || scope.spawn(|| loan.call()).join().unwrap());
            assert_eq!(called, Some(1));
        });
        assert_eq!(loan.call(), None);
        assert_eq!(calls, 1);
    }

    #[test]
    fn it_is_not_taken_back_while_it_is_called() {
        let (loan, begun) = (Loan::new(), Barrier::new(2));
        let (end, ended) = mpsc::channel();
        let ended = Mutex::new(ended);
        let mut was_lent = false;
        thread::scope(|scope| {
            let mut slow = || {
                begun.wait();
                // A loan that does not wait ends and sends at once. One that waits lets this time
                // out.
                let ended = ended.lock().unwrap();
                was_lent = ended.recv_timeout(Duration::from_millis(100)).is_err();
            };
            loan.during(&mut slow, || {
                scope.spawn(|| loan.call());
                begun.wait();
            });
            end.send(()).unwrap();
        });
        assert!(was_lent);
    }
}
