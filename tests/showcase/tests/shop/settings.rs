//! The settings of the shop: a JSON file, which may be missing.

use std::path::Path;
use std::{fs, io};

use serde::{Deserialize, Serialize};

/// The settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) currency: String,
    pub(crate) tax_percent: u32,
    pub(crate) tills: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            currency: "EUR".to_owned(),
            tax_percent: 19,
            tills: Vec::new(),
        }
    }
}

impl Settings {
    /// Loads the settings at `path`, or the defaults if there is no file.
    pub(crate) fn load(path: &Path) -> io::Result<Self> {
        match fs::read(path) {
            Ok(json) => Ok(serde_json::from_slice(&json)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// Saves the settings at `path` and replaces the file atomically.
    pub(crate) fn save(&self, path: &Path) -> io::Result<()> {
        let new = path.with_extension("json.new");
        let file = fs::File::create(&new)?;
        serde_json::to_writer_pretty(&file, self)?;
        file.sync_all()?;
        fs::rename(new, path)
    }
}
