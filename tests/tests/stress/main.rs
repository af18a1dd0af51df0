//! Locks, ports and processes: many at once, and killed at random.

mod crash;
mod process_crash;
mod reclaim_crash;
mod stress_locks;
mod stress_number;
mod stress_ports;
