//! Many at once, and killed at random: locks, ports, processes.

mod crash;
mod process_crash;
mod stress_locks;
mod stress_ports;
