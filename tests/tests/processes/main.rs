//! Tests in subprocesses: their environment, their output, and how they end.

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod clock;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod clock_children;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod clock_moved;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod clock_reported;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod clock_tokio;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod clock_waits;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod clock_zone;
mod leaks;
mod network;
mod output;
mod process;
mod process_current;
mod process_fail;
mod process_fail_resources;
mod process_hostile;
mod process_off;
mod process_parallel;
mod process_parameters;
mod process_variants;
mod surroundings;
mod terminal;
mod timeout;
mod working_directory;
