//! The way in which the peer was imported before paths could name macros.

#[macro_use]
extern crate rusty_fork;

rusty_fork_test! {
    #[test]
    fn is_imported() {
        let (one, other) = (rusty_fork_id!(), rusty_fork_id!());
        assert_ne!(one, other);
    }
}
