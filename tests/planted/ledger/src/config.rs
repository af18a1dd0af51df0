//! The settings of the user, in `~/.config/ledger/config.toml`.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io;
use std::path::PathBuf;

pub type Config = BTreeMap<String, String>;

/// The file with the settings.
pub fn path() -> PathBuf {
    let dir = env::var_os("XDG_CONFIG_HOME").map_or_else(
        || PathBuf::from(env::var_os("HOME").unwrap_or_default()).join(".config"),
        PathBuf::from,
    );
    dir.join("ledger/config.toml")
}

pub fn load() -> io::Result<Config> {
    Ok(parse(&fs::read_to_string(path())?))
}

pub fn save(config: &Config) -> io::Result<()> {
    let path = path();
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    let lines = config
        .iter()
        .map(|(key, value)| format!("{key} = \"{value}\"\n"));
    fs::write(path, lines.collect::<String>())
}

fn parse(text: &str) -> Config {
    text.lines()
        .filter_map(|line| line.split_once(" = "))
        .map(|(key, value)| (key.to_owned(), value.trim_matches('"').to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_pairs() {
        let config = parse("currency = \"EUR\"\nyear = \"2024\"\n");
        assert_eq!(config["currency"], "EUR");
        assert_eq!(config["year"], "2024");
    }

    #[test]
    fn remembers_the_currency() {
        let config = Config::from([("currency".into(), "NOK".into())]);
        for _ in 0..50 {
            save(&config).unwrap();
            assert_eq!(load().unwrap(), config);
        }
    }

    #[test]
    fn forgets_removed_settings() {
        let mut config = Config::from([
            ("currency".into(), "EUR".into()),
            ("year".into(), "2024".into()),
        ]);
        save(&config).unwrap();
        config.remove("year");
        save(&config).unwrap();
        assert!(!load().unwrap().contains_key("year"));
        assert_eq!(load().unwrap()["currency"], "EUR");
    }
}
