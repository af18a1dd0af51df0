//! Asynchronous resources in every kind of test: other test attributes, subprocesses, modules.

use std::error::Error;
use std::process;
use std::process::ExitCode;
use std::rc::Rc;

use googletest::prelude::{eq, expect_that, gtest};
use isolated_test::{AsyncResource, BoxError, Current, Key, Outcome, isolated};
use rstest::rstest;
use test_case::test_case;

/// A resource without a release, whose handle stays in its thread.
struct Counter(u32);

impl AsyncResource for Counter {
    type Handle = Rc<u32>;

    async fn provision(&mut self, _: &Current) -> Result<Rc<u32>, BoxError> {
        tokio::task::yield_now().await;
        Ok(Rc::new(self.0))
    }
}

impl Counter {
    async fn connect(number: u32) -> Result<Self, &'static str> {
        tokio::task::yield_now().await;
        Ok(Counter(number))
    }
}

#[isolated(base = value(1), counter = awaited(Counter::connect(*base).await?), next = awaited(Counter(**counter + 1)))]
#[tokio::test]
async fn an_expression_sees_earlier_values_and_handles(
    counter: Rc<u32>,
    next: &mut Rc<u32>,
    base: u32,
) -> Result<(), Box<dyn Error>> {
    *next = Rc::new(**next + 1);
    assert_eq!((base, *counter, **next), (1, 1, 3));
    assert_eq!(Rc::strong_count(&counter), 1);
    Ok(())
}

#[isolated(counter = awaited(Counter(7)))]
#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_borrows_as_a_reference_to_what_the_handle_refers_to(counter: &u32) {
    assert_eq!(*counter, 7);
}

#[isolated(counter = awaited(Counter(process::id())), env(PARENT = process::id()))]
#[tokio::test]
async fn it_lives_in_the_process_of_the_body(counter: &u32) {
    assert_eq!(*counter, process::id());
    assert_ne!(std::env::var("PARENT"), Ok(counter.to_string()));
}

#[isolated(network(or = "skip"), port, counter = awaited(Counter(port.number().into())))]
#[tokio::test]
async fn it_lives_in_the_network_of_the_body(counter: &u32, port: u16) {
    assert_eq!(*counter, u32::from(port));
}

#[isolated(counter = awaited(Counter(7)))]
#[actix_rt::test]
async fn actix_has_it(counter: Rc<u32>) {
    assert_eq!(*counter, 7);
}

#[isolated(counter = awaited(Counter(7)))]
#[test_log::test(tokio::test)]
async fn test_log_has_it(counter: Rc<u32>) {
    assert_eq!(*counter, 7);
}

#[isolated(counter = awaited(Counter(number)))]
#[rstest]
#[case(1)]
#[case(2)]
#[tokio::test]
async fn an_expression_sees_the_parameters_of_rstest(#[case] number: u32, counter: &u32) {
    assert_eq!(*counter, number);
}

#[isolated(counter = awaited(Counter(number)))]
#[test_case(1 => 2; "one")]
#[tokio::test]
async fn the_attribute_judges_the_value(number: u32, counter: Rc<u32>) -> u32 {
    number + *counter
}

#[isolated(counter = awaited(Counter(7)))]
#[gtest]
#[tokio::test]
async fn googletest_has_it(counter: &u32) {
    expect_that!(*counter, eq(7));
}

#[isolated(counter = awaited(Counter(7)))]
#[tokio::test]
async fn the_value_of_the_function_is_judged(counter: &u32) -> ExitCode {
    ExitCode::from(u8::from(*counter != 7))
}

#[isolated(counter = awaited(Counter(7)))]
#[tokio::test]
#[should_panic(expected = "ends with 7")]
async fn a_function_that_never_returns_has_it(counter: &u32) -> ! {
    panic!("ends with {counter}");
}

/// It has the name of the function.
#[isolated(counter = awaited(Counter(7)))]
#[tokio::test]
async fn counter(counter: Rc<u32>) {
    assert_eq!(*counter, 7);
}

const ORDINARY: Key = Key::new("of async resources");

/// A resource that locks keys.
struct Locks;

impl AsyncResource for Locks {
    type Handle = ();

    async fn provision(&mut self, _: &Current) -> Result<(), BoxError> {
        tokio::task::yield_now().await;
        let refused = ORDINARY.lock().expect_err("it is an ordinary key");
        assert!(
            refused
                .to_string()
                .contains("is being provisioned or released")
        );
        let _guard = ORDINARY.internal().lock()?;
        // The guard is not held across this.
        tokio::task::yield_now().await;
        Ok(())
    }

    async fn release(&mut self, _: Outcome) -> Result<(), BoxError> {
        tokio::task::yield_now().await;
        ORDINARY.lock().expect_err("it is an ordinary key");
        Ok(())
    }
}

#[isolated(locks = awaited(Locks), between = value(drop(ORDINARY.lock()?)))]
#[tokio::test]
async fn only_internal_keys_are_waited_for_while_it_is_provisioned() -> Result<(), BoxError> {
    drop(ORDINARY.lock()?);
    Ok(())
}

const NUMBER: u32 = 8;

#[isolated(counter = awaited(Counter(NUMBER)), number = value(**counter))]
mod of_a_module {
    use std::rc::Rc;

    #[expect(dead_code, reason = "the expression does not mean it")]
    const NUMBER: u32 = 9;

    #[tokio::test]
    async fn awaits(counter: Rc<u32>, number: u32) {
        assert_eq!((*counter, number), (8, 8));
    }

    /// It cannot await, and need not.
    #[test]
    fn does_not_await() {}

    mod deeper {
        #[tokio::test]
        async fn awaits(number: u32) {
            assert_eq!(number, 8);
        }
    }
}
