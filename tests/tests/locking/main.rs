//! Locks: who holds one, who waits for it, and on whose behalf a program acts.

mod delegation;
mod deleted;
mod descriptors;
mod internal_keys;
mod keys;
mod locks;
mod overtaking;
mod owners;
mod pool;
mod pool_forms;
mod pool_within;
mod starters;
mod waiting;
