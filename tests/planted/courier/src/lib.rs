//! Carries messages between shops.

pub mod control;
pub mod endpoint;
pub mod mailbox;
pub mod metrics;
pub mod relay;
pub mod retry;
pub mod route;
pub mod status;
