//! Locks: who holds one, who waits for it, and on whose behalf a program acts.

mod delegation;
mod deleted;
mod descriptors;
mod internal_keys;
mod keys;
mod locks;
mod overtaking;
mod owners;
mod starters;
mod waiting;
