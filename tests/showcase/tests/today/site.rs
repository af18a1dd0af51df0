//! A server in a child process: the static site.

use std::{env, fs};

use crate::picker::free_port;
use crate::shop::site::Site;
use crate::shop::{AnyError, client};

#[test]
fn serves_the_front_page() -> Result<(), AnyError> {
    let folder = env::temp_dir().join("shop-site");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("index.html"), "welcome")?;

    if let Some(_site) = Site::serve(&folder, 18000)? {
        let answer = client::get("127.0.0.1:18000", "/")?;
        assert_eq!(
            (answer.status, &*answer.body),
            (200, "welcome"),
            "unexpected answer"
        );
    }

    fs::remove_dir_all(folder)?;
    Ok(())
}

#[cfg(unix)]
#[test]
fn leaves_the_menu_on_the_screen() -> Result<(), AnyError> {
    let folder = tempfile::tempdir()?;
    let menu = format!("menu of {}", std::process::id());
    fs::write(folder.path().join("index.html"), &menu)?;

    if let Some(screen) = Site::serve(folder.path(), 18081)? {
        let answer = client::get("127.0.0.1:18081", "/")?;
        assert_eq!(answer.body, menu, "the screen was left on by somebody else");
        std::mem::forget(screen);
    }

    Ok(())
}

#[test]
fn lists_the_downloads() -> Result<(), AnyError> {
    let folder = env::temp_dir().join("shop-downloads");
    fs::create_dir_all(&folder)?;
    for name in ["prices.pdf", "terms.pdf"] {
        fs::write(folder.join(name), name)?;
    }

    let port = free_port()?;
    if let Some(_site) = Site::serve(&folder, port)? {
        let listing = client::get(format!("127.0.0.1:{port}"), "/")?.body;
        for name in ["prices.pdf", "terms.pdf"] {
            assert!(listing.contains(name), "not in the listing: {listing}");
        }
    }

    fs::remove_dir_all(folder)?;
    Ok(())
}
