//! A descriptor that a test has closed stays closed for the next holder of its lock, even if a
//! subprocess that is just starting still has copies of all descriptors.

#![cfg(target_os = "linux")]

use isolated_test_tests::State;

mod inner {
    use std::io::ErrorKind;
    use std::net::TcpStream;

    use isolated_test::{Key, Port, isolated};
    use rstest::rstest;

    const KEY: Key = Key::new("listener");

    #[isolated(process)]
    #[rstest]
    #[ignore = "started by another test"]
    fn starts_a_subprocess(
        #[values(0, 1, 2, 3)] _tens: u32,
        #[values(0, 1, 2, 3, 4, 5)] _ones: u32,
    ) {
    }

    #[isolated(port)]
    #[rstest]
    #[ignore = "started by another test"]
    fn nobody_listens_when_the_lock_is_free(#[values(0, 1)] _copy: u32, port: Port) {
        for _ in 0..2000 {
            let guard = KEY.lock().expect("the lock");
            drop(port.listen().expect("a listener"));
            drop(guard);
            let _guard = KEY.lock().expect("the lock");
            let error = TcpStream::connect(port.addr()).expect_err("nobody listens");
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        }
    }
}

#[test]
fn a_subprocess_that_starts_keeps_nothing_of_a_test_that_has_ended() {
    let run = State::new().inner("").all(4).run();
    let is_passed = run.status.success() && run.output.contains(" 26 passed; 0 failed");
    assert!(is_passed, "{}\n{}", run.output, run.errors);
}
