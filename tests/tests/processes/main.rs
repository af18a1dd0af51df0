//! Tests in subprocesses: their environment, their output, and how they end.

mod clock;
mod clock_children;
mod clock_moved;
mod clock_reported;
mod clock_tokio;
mod clock_waits;
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
