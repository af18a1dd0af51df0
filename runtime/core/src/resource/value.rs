//! A provisioned resource.

use std::sync::{Arc, Mutex};

use super::custom::SharedHandle;
use super::namespace::Namespace;
use super::port::Port;
use super::tmpdir::TmpDir;
use crate::mutex::lock;

/// A provisioned resource.
#[derive(Debug)]
pub(crate) enum Value {
    /// One port or several.
    Ports(Vec<Port>),
    TmpDir(TmpDir),
    Namespace(Namespace),
    Seed(u64),
    /// The item of a pool.
    Item(&'static str),
    /// A custom resource, with its handle until it is released if all threads may use it.
    Custom(Mutex<Option<SharedHandle>>),
}

impl Value {
    pub(crate) fn ports(&self) -> Option<&[Port]> {
        match self {
            Value::Ports(ports) => Some(ports),
            _ => None,
        }
    }

    pub(crate) fn tmpdir(&self) -> Option<&TmpDir> {
        match self {
            Value::TmpDir(dir) => Some(dir),
            _ => None,
        }
    }

    pub(crate) fn namespace(&self) -> Option<&Namespace> {
        match self {
            Value::Namespace(namespace) => Some(namespace),
            _ => None,
        }
    }

    pub(crate) fn seed(&self) -> Option<u64> {
        match self {
            Value::Seed(seed) => Some(*seed),
            _ => None,
        }
    }

    pub(crate) fn item(&self) -> Option<&'static str> {
        match self {
            Value::Item(item) => Some(item),
            _ => None,
        }
    }

    pub(super) fn custom<H: Send + Sync + 'static>(&self) -> Option<Arc<H>> {
        match self {
            Value::Custom(shared) => lock(shared).clone()?.downcast().ok(),
            _ => None,
        }
    }
}
