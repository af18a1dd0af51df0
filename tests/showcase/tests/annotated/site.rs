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
