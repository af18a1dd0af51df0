//! State that exists once per process: environment variables, the working directory, the umask.

use std::io;

use isolated_test::isolated;

use crate::shop::receipt;

const ARTICLES: [&str; 12] = [
    "tea", "milk", "sugar", "salt", "bread", "jam", "rice", "corn", "oil", "eggs", "wine", "soap",
];

#[isolated(env(unset(SHOP_CURRENCY)))]
#[test]
fn prices_are_in_euros_by_default() -> io::Result<()> {
    for line in receipt::sell(&ARTICLES)? {
        assert!(line.contains(" EUR "), "not of this environment: {line}");
    }
    Ok(())
}

#[isolated(env(SHOP_CURRENCY = "USD"))]
#[test]
fn prices_can_be_in_dollars() -> io::Result<()> {
    for line in receipt::sell(&ARTICLES)? {
        assert!(line.contains(" USD "), "not of this environment: {line}");
    }
    Ok(())
}

#[isolated(env(SHOP_CURRENCY = "GBP"))]
#[test]
fn prices_can_be_in_pounds() -> io::Result<()> {
    for line in receipt::sell(&ARTICLES)? {
        assert!(line.contains(" GBP "), "not of this environment: {line}");
    }
    Ok(())
}

#[isolated(cwd = "tests/shop/branches/north")]
#[test]
fn taxes_in_the_north() -> io::Result<()> {
    for line in receipt::sell(&ARTICLES)? {
        assert!(line.ends_with(" 7%"), "not of this directory: {line}");
    }
    Ok(())
}

#[isolated(cwd = "tests/shop/branches/south")]
#[test]
fn taxes_in_the_south() -> io::Result<()> {
    for line in receipt::sell(&ARTICLES)? {
        assert!(line.ends_with(" 16%"), "not of this directory: {line}");
    }
    Ok(())
}

#[cfg(unix)]
#[isolated(process, tmpdir)]
mod files {
    use std::io;

    use isolated_test::TmpDir;
    use rustix::fs::Mode;
    use rustix::process::umask;

    use super::ARTICLES;
    use crate::shop::safe;

    #[test]
    fn nobody_else_reads_the_takings(tmpdir: &TmpDir) -> io::Result<()> {
        umask(Mode::from_raw_mode(0o077));

        let modes = safe::write_all(tmpdir, &ARTICLES)?;
        assert_eq!(modes, [0o600; ARTICLES.len()], "not of this umask");
        Ok(())
    }

    #[test]
    fn the_team_writes_the_price_tags(tmpdir: &TmpDir) -> io::Result<()> {
        umask(Mode::from_raw_mode(0o002));

        let modes = safe::write_all(tmpdir, &ARTICLES)?;
        assert_eq!(modes, [0o664; ARTICLES.len()], "not of this umask");
        Ok(())
    }
}
