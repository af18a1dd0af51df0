//! The addresses of services.

use std::env;

/// The host in `COURIER_HOST`, or this one.
pub fn host() -> String {
    env::var("COURIER_HOST").unwrap_or_else(|_| "localhost".into())
}

/// The address of a service at that host.
pub fn address(port: u16) -> String {
    format!("{}:{port}", host())
}

/// The value of a setting that belongs to one part of a program.
pub fn setting(part: &str) -> Option<String> {
    env::var(format!("COURIER_{}", part.to_uppercase())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(name: &str, value: &str) {
        // SAFETY: tests have no threads that read variables outside of `std`.
        unsafe { env::set_var(name, value) };
    }

    #[test]
    fn is_local_by_default() {
        assert_eq!(address(25), "localhost:25");
    }

    #[test]
    fn can_be_remote() {
        set("COURIER_HOST", "post.example");
        for port in 0..200 {
            assert_eq!(address(port), format!("post.example:{port}"));
        }
    }

    #[test]
    fn can_be_an_ip_address() {
        set("COURIER_HOST", "192.0.2.7");
        assert_eq!(host(), "192.0.2.7");
        assert!(address(80).parse::<std::net::SocketAddr>().is_ok());
    }

    #[test]
    fn has_a_colour() {
        set("COURIER_COLOUR", "blue");
        assert_eq!(setting("colour").as_deref(), Some("blue"));
    }

    #[test]
    fn has_a_size() {
        set("COURIER_SIZE", "small");
        assert_eq!(setting("size").as_deref(), Some("small"));
    }
}
