//! State that exists once per process: environment variables, the working directory, the umask.

#![expect(unsafe_code, reason = "there is no other way to set a variable")]

use std::{env, io};

use crate::shop::receipt;

const ARTICLES: [&str; 12] = [
    "tea", "milk", "sugar", "salt", "bread", "jam", "rice", "corn", "oil", "eggs", "wine", "soap",
];

#[test]
fn prices_are_in_euros_by_default() -> io::Result<()> {
    // SAFETY: sound only while no other thread uses the environment. Nothing enforces this here.
    unsafe { env::remove_var("SHOP_CURRENCY") };

    for line in receipt::sell(&ARTICLES)? {
        assert!(line.contains(" EUR "), "not of this environment: {line}");
    }
    Ok(())
}

#[test]
fn prices_can_be_in_dollars() -> io::Result<()> {
    // SAFETY: sound only while no other thread uses the environment. Nothing enforces this here.
    unsafe { env::set_var("SHOP_CURRENCY", "USD") };

    for line in receipt::sell(&ARTICLES)? {
        assert!(line.contains(" USD "), "not of this environment: {line}");
    }

    // SAFETY: as above.
    unsafe { env::remove_var("SHOP_CURRENCY") };
    Ok(())
}

#[test]
fn prices_can_be_in_pounds() -> io::Result<()> {
    // SAFETY: sound only while no other thread uses the environment. Nothing enforces this here.
    unsafe { env::set_var("SHOP_CURRENCY", "GBP") };

    for line in receipt::sell(&ARTICLES)? {
        assert!(line.contains(" GBP "), "not of this environment: {line}");
    }

    // SAFETY: as above.
    unsafe { env::remove_var("SHOP_CURRENCY") };
    Ok(())
}

#[test]
fn taxes_in_the_north() -> io::Result<()> {
    let before = env::current_dir()?;
    env::set_current_dir(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/shop/branches/north"
    ))?;

    for line in receipt::sell(&ARTICLES)? {
        assert!(line.ends_with(" 7%"), "not of this directory: {line}");
    }

    env::set_current_dir(before)
}

#[test]
fn taxes_in_the_south() -> io::Result<()> {
    let before = env::current_dir()?;
    env::set_current_dir(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/shop/branches/south"
    ))?;

    for line in receipt::sell(&ARTICLES)? {
        assert!(line.ends_with(" 16%"), "not of this directory: {line}");
    }

    env::set_current_dir(before)
}

#[cfg(unix)]
mod files {
    use std::io;

    use rustix::fs::Mode;
    use rustix::process::umask;

    use super::ARTICLES;
    use crate::shop::safe;

    #[test]
    fn nobody_else_reads_the_takings() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let before = umask(Mode::from_raw_mode(0o077));

        let modes = safe::write_all(folder.path(), &ARTICLES)?;
        assert_eq!(modes, [0o600; ARTICLES.len()], "not of this umask");

        umask(before);
        Ok(())
    }

    #[test]
    fn the_team_writes_the_price_tags() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let before = umask(Mode::from_raw_mode(0o002));

        let modes = safe::write_all(folder.path(), &ARTICLES)?;
        assert_eq!(modes, [0o664; ARTICLES.len()], "not of this umask");

        umask(before);
        Ok(())
    }
}
