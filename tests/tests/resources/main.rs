//! Resources that a test requests in its attribute, from the first use to the last trace.

mod namespace_seed;
mod own;
mod own_errors;
mod port;
mod port_fixed;
mod port_forms;
mod port_held;
mod port_released;
mod reclaim;
mod reclaim_at_exit;
mod service;
mod service_end;
mod service_listens;
mod service_unready;
mod skip;
mod tmpdir;
mod tmpdir_end;
mod tmpdir_kept;
mod tmpdir_tempfile;
mod values;
