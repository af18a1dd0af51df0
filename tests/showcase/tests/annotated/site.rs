//! A server in a child process: the static site. Tests that only read it share one.

use std::fs;
use std::process::Command;

#[cfg(unix)]
use isolated_test::TmpDir;
use isolated_test::{BoxError, Current, Once, Outcome, Resource, Service, Transfer, isolated};

#[cfg(unix)]
use crate::shop::site::Site;
use crate::shop::{AnyError, client, site};

/// The site with all its pages. Its handle is the address, or empty without Python.
struct Pages(Option<Service>);

const PAGES: Once<Pages> = Once::new("pages", || Pages(None));

impl Resource for Pages {
    type Handle = String;

    fn provision(&mut self, host: &Current) -> Result<String, BoxError> {
        if Command::new("python3").arg("--version").output().is_err() {
            eprintln!("nothing to serve: `python3` is not installed");
            return Ok(String::new());
        }
        fs::write(host.tmpdir().join("index.html"), "welcome")?;
        let downloads = host.tmpdir().join("downloads");
        fs::create_dir(&downloads)?;
        for name in ["prices.pdf", "terms.pdf"] {
            fs::write(downloads.join(name), name)?;
        }
        let python = Service::new("python3").with(|python, host| {
            site::arguments(python, &host.tmpdir(), host.port().number());
        });
        self.0.insert(python).provision(host)?;
        Ok(host.port().addr().to_string())
    }

    fn release(&mut self, outcome: Outcome) -> Result<(), BoxError> {
        let python = self.0.as_mut();
        python.map_or(Ok(()), |python| python.release(outcome))
    }

    fn transfer() -> Transfer<String> {
        Transfer::as_text()
    }
}

#[isolated(site = PAGES)]
#[test]
fn serves_the_front_page(site: &str) -> Result<(), AnyError> {
    if !site.is_empty() {
        let answer = client::get(site, "/")?;
        assert_eq!(
            (answer.status, &*answer.body),
            (200, "welcome"),
            "unexpected answer"
        );
    }

    Ok(())
}

#[cfg(unix)]
#[isolated(network(or = "serial"), tmpdir)]
#[test]
fn leaves_the_menu_on_the_screen(tmpdir: &TmpDir) -> Result<(), AnyError> {
    let menu = format!("menu of {}", std::process::id());
    fs::write(tmpdir.join("index.html"), &menu)?;

    if let Some(screen) = Site::serve(tmpdir, 18081)? {
        let answer = client::get("127.0.0.1:18081", "/")?;
        assert_eq!(answer.body, menu, "the screen was left on by somebody else");
        std::mem::forget(screen);
    }

    Ok(())
}

#[isolated(site = PAGES)]
#[test]
fn lists_the_downloads(site: &str) -> Result<(), AnyError> {
    if !site.is_empty() {
        let listing = client::get(site, "/downloads/")?.body;
        for name in ["prices.pdf", "terms.pdf"] {
            assert!(listing.contains(name), "not in the listing: {listing}");
        }
    }

    Ok(())
}
