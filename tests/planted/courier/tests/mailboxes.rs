//! Mailboxes with names that all programs of the machine know.

use std::ffi::CStr;
use std::thread;
use std::time::Duration;

use courier::mailbox::{self, Last, Outbox, Places, Waiting};
use rstest::rstest;

const WAITING: &CStr = c"/courier-waiting";
const LAST: i32 = 0x0c0f_fee5;
const PLACES: &CStr = c"/courier-places";
const OUTBOX: &CStr = c"/courier-outbox";

/// Removes the shared memory when dropped, even if the test fails.
struct Removed;

impl Drop for Removed {
    fn drop(&mut self) {
        mailbox::remove_waiting(WAITING);
    }
}

#[test]
fn messages_wait() {
    let _removed = Removed;
    let ours = Waiting::named(WAITING).unwrap();
    let theirs = Waiting::named(WAITING).unwrap();
    for number in 0..20_000 {
        ours.set(number);
        assert_eq!(theirs.get(), number);
    }
}

#[test]
fn no_message_waits() {
    let _removed = Removed;
    let waiting = Waiting::named(WAITING).unwrap();
    waiting.set(0);
    thread::sleep(Duration::from_millis(5));
    assert_eq!(waiting.get(), 0);
}

#[test]
fn there_is_no_mailbox_at_first() {
    assert!(!mailbox::has_waiting(WAITING));
}

#[rstest]
#[case(1)]
#[case(1_000_000)]
fn the_last_message_has_a_number(#[case] number: u32) {
    let last = Last::with_key(LAST).unwrap();
    for _ in 0..10_000 {
        last.set(number);
        assert_eq!(last.get(), number);
    }
    last.remove();
}

#[test]
fn all_places_can_be_taken() {
    Places::remove(PLACES);
    let places = Places::open(PLACES, 3).unwrap();
    assert!((0..3).all(|_| places.take()));
    assert!(!Places::open(PLACES, 3).unwrap().take());
    Places::remove(PLACES);
}

#[test]
fn a_place_is_given_back() {
    Places::remove(PLACES);
    let places = Places::open(PLACES, 1).unwrap();
    for _ in 0..100 {
        assert!(places.take());
        assert!(!Places::open(PLACES, 1).unwrap().take());
        places.give_back();
    }
    Places::remove(PLACES);
}

#[test]
fn an_outbox_keeps_the_order() {
    Outbox::remove(OUTBOX);
    let outbox = Outbox::open(OUTBOX).unwrap();
    for _ in 0..20 {
        outbox.send("first").unwrap();
        outbox.send("second").unwrap();
        let other = Outbox::open(OUTBOX).unwrap();
        assert_eq!(other.receive().unwrap(), "first");
        assert_eq!(other.receive().unwrap(), "second");
    }
    Outbox::remove(OUTBOX);
}

#[test]
fn an_outbox_can_be_full() {
    Outbox::remove(OUTBOX);
    let outbox = Outbox::open(OUTBOX).unwrap();
    assert!((0..4).all(|_| outbox.send("more").is_ok()));
    assert!(Outbox::open(OUTBOX).unwrap().send("too much").is_err());
    Outbox::remove(OUTBOX);
}
