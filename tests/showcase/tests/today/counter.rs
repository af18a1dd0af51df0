//! One counter file that is read, changed and written back, which nobody else may do in the
//! meantime.

use std::sync::{Mutex, PoisonError};

use crate::shop::AnyError;
use crate::shop::invoice::next_number;

static COUNTER: Mutex<()> = Mutex::new(());

#[test]
fn numbers_follow_each_other() -> Result<(), AnyError> {
    let _alone = COUNTER.lock().unwrap_or_else(PoisonError::into_inner);
    let first = next_number()?;

    for number in first + 1..first + 10 {
        assert_eq!(next_number()?, number, "the counter was changed meanwhile");
    }
    Ok(())
}

#[test]
fn two_invoices_take_two_numbers() -> Result<(), AnyError> {
    let _alone = COUNTER.lock().unwrap_or_else(PoisonError::into_inner);
    let (tea, milk) = (next_number()?, next_number()?);

    assert_eq!(milk, tea + 1, "the counter was changed meanwhile");
    Ok(())
}

#[test]
fn a_batch_takes_a_run_of_numbers() -> Result<(), AnyError> {
    let _alone = COUNTER.lock().unwrap_or_else(PoisonError::into_inner);
    let batch: Vec<u64> = (0..10).map(|_| next_number()).collect::<Result<_, _>>()?;

    let run: Vec<u64> = (batch[0]..batch[0] + 10).collect();
    assert_eq!(batch, run, "the counter was changed meanwhile");
    Ok(())
}
