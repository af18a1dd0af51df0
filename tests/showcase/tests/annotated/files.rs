//! Files and folders with fixed names in the temporary directory.

use std::io;

use isolated_test::{TmpDir, isolated};
use rstest::rstest;

use crate::shop::AnyError;
use crate::shop::cache::Cache;
use crate::shop::journal::{self, Journal};
use crate::shop::ledger;
use crate::shop::pid_file::PidFile;
use crate::shop::settings::Settings;

#[isolated(tmpdir)]
#[test]
fn saves_and_loads_settings(tmpdir: &TmpDir) -> io::Result<()> {
    let path = tmpdir.join("shop-config.json");
    let tills = vec!["north".to_owned(), "south".to_owned()];
    let settings = Settings {
        tills,
        tax_percent: 7,
        ..Settings::default()
    };

    settings.save(&path)?;

    assert_eq!(
        Settings::load(&path)?,
        settings,
        "the settings were clobbered"
    );
    Ok(())
}

#[isolated(tmpdir)]
#[test]
fn writes_the_defaults_at_the_first_start(tmpdir: &TmpDir) -> io::Result<()> {
    let path = tmpdir.join("shop-first-config.json");
    assert!(!path.exists(), "the file exists already");

    Settings::load(&path)?.save(&path)?;

    assert_eq!(
        Settings::load(&path)?,
        Settings::default(),
        "the settings were clobbered"
    );
    Ok(())
}

#[isolated(tmpdir)]
#[test]
fn rotates_a_full_journal(tmpdir: &TmpDir) -> io::Result<()> {
    let path = tmpdir.join("shop-app.log");
    let expected: Vec<_> = (0..60)
        .map(|n| format!("sale {n:03} at the north till"))
        .collect();

    let mut journal = Journal::open(&path, 1_000)?;
    expected.iter().try_for_each(|line| journal.write(line))?;

    assert_eq!(
        journal::lines(&path)?,
        expected,
        "the journal was clobbered"
    );
    Ok(())
}

#[isolated(tmpdir)]
#[test]
fn goes_on_with_the_journal_after_a_restart(tmpdir: &TmpDir) -> io::Result<()> {
    let path = tmpdir.join("shop-till.log");

    for day in ["monday", "tuesday"] {
        let mut journal = Journal::open(&path, 1_000)?;
        journal.write(&format!("open on {day}"))?;
        journal.write(&format!("close on {day}"))?;
    }

    let expected = [
        "open on monday",
        "close on monday",
        "open on tuesday",
        "close on tuesday",
    ];
    assert_eq!(
        journal::lines(&path)?,
        expected,
        "the journal was clobbered"
    );
    Ok(())
}

#[isolated(tmpdir)]
#[test]
fn refuses_a_second_instance(tmpdir: &TmpDir) -> io::Result<()> {
    let path = tmpdir.join("shop.pid");

    let first = PidFile::claim(&path)?;
    let second = PidFile::claim(&path).expect_err("the file is claimed");
    assert_eq!(second.kind(), io::ErrorKind::AlreadyExists);

    drop(first);
    PidFile::claim(&path).map(drop)
}

#[isolated(tmpdir)]
#[test]
fn prunes_the_oldest_pictures(tmpdir: &TmpDir) -> io::Result<()> {
    let cache = Cache::fresh(&tmpdir.join("shop-cache"))?;

    for picture in 0..40 {
        cache.put(&format!("{picture:02}.png"), b"\x89PNG")?;
    }
    cache.prune(2)?;

    assert_eq!(
        cache.names()?,
        ["38.png", "39.png"],
        "the cache was clobbered"
    );
    Ok(())
}

#[isolated(tmpdir)]
#[test]
fn gives_back_the_picture_that_was_put_in(tmpdir: &TmpDir) -> io::Result<()> {
    let cache = Cache::fresh(&tmpdir.join("shop-thumbnails"))?;
    let picture = vec![0xff; 20_000];

    for name in ["tea.png", "milk.png", "sugar.png"] {
        cache.put(name, &picture)?;
        assert_eq!(cache.get(name)?, picture, "the cache was clobbered");
    }
    Ok(())
}

#[isolated(tmpdir)]
#[rstest]
#[case::comma(b',')]
#[case::semicolon(b';')]
#[case::tab(b'\t')]
fn imports_what_was_exported(tmpdir: &TmpDir, #[case] separator: u8) -> Result<(), AnyError> {
    let path = tmpdir.join(format!("shop-export-{separator}.csv"));
    let sales = ledger::sales("tea", 1_000);

    ledger::export(&path, separator, &sales)?;

    assert_eq!(
        ledger::import(&path, separator)?,
        sales,
        "the export was clobbered"
    );
    Ok(())
}
