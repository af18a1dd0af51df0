//! A server in a child process: the static site.

use std::fs;

use isolated_test::{Port, TmpDir, isolated};

use crate::shop::site::Site;
use crate::shop::{AnyError, client};

#[isolated(port, tmpdir)]
#[test]
fn serves_the_front_page(port: Port, tmpdir: &TmpDir) -> Result<(), AnyError> {
    let folder = tmpdir.join("shop-site");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("index.html"), "welcome")?;

    if let Some(_site) = Site::serve(&folder, port.number())? {
        let answer = client::get(port.addr(), "/")?;
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

#[isolated(port, tmpdir)]
#[test]
fn lists_the_downloads(port: Port, tmpdir: &TmpDir) -> Result<(), AnyError> {
    let folder = tmpdir.join("shop-downloads");
    fs::create_dir_all(&folder)?;
    for name in ["prices.pdf", "terms.pdf"] {
        fs::write(folder.join(name), name)?;
    }

    if let Some(_site) = Site::serve(&folder, port.number())? {
        let listing = client::get(port.addr(), "/")?.body;
        for name in ["prices.pdf", "terms.pdf"] {
            assert!(listing.contains(name), "not in the listing: {listing}");
        }
    }

    Ok(())
}
