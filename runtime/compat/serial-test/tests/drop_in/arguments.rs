//! Arguments and signatures.

use std::convert::identity;
use std::fmt::Display;
use std::process::ExitCode;

use macro_rules_attribute::apply;
use serial_test::{file_parallel, file_serial, is_locked_serially, parallel, serial};

/// Stands for an attribute such as `ntest::timeout`: looks whether the lock is held when the
/// function that it stands on begins.
macro_rules! insists {
    ($(#[$attribute:meta])* $visibility:vis fn $name:ident() $(-> $returned:ty)? $body:block) => {
        $(#[$attribute])* $visibility fn $name() $(-> $returned)? {
            assert!(is_locked_serially(Some("arguments_inner")), "outside the lock");
            $body
        }
    };
    ($(#[$attribute:meta])* $visibility:vis async fn $name:ident() $(-> $returned:ty)? $body:block) => {
        $(#[$attribute])* $visibility async fn $name() $(-> $returned)? {
            assert!(is_locked_serially(Some("arguments_inner")), "outside the lock");
            $body
        }
    };
}

#[test]
#[serial(arguments_inner, inner_attrs = [apply(insists!)])]
fn an_inner_attribute_stands_on_the_body() {}

#[test]
#[serial(inner_attrs = [apply(insists!), inline(never)], arguments_inner)]
#[expect(clippy::unnecessary_wraps, reason = "to return something")]
fn several_do() -> Result<(), String> {
    Ok(())
}

#[tokio::test]
#[serial(arguments_inner, inner_attrs = [macro_rules_attribute::apply(insists!)])]
async fn one_stands_on_an_asynchronous_body() {
    tokio::task::yield_now().await;
}

#[test]
#[should_panic(expected = "outside the lock")]
#[parallel(arguments_inner, inner_attrs = [apply(insists!)])]
fn a_parallel_test_has_one() {}

#[should_panic(expected = "outside the lock")]
#[tokio::test]
#[file_serial(arguments_inner, inner_attrs = [apply(insists!)],)]
async fn an_asynchronous_file_serial_test_has_one() {}

#[serial(arguments_inner, inner_attrs = [apply(insists!)])]
mod module {
    use super::{apply, is_locked_serially};

    #[test]
    fn each_test_of_a_module_has_one() {}
}

/// The attribute further up hands its arguments on.
#[test]
#[serial(arguments_inner, inner_attrs = [apply(insists!)])]
#[parallel(arguments_other)]
fn a_stacked_attribute_keeps_it() {}

#[test]
#[serial("licence server")]
fn a_key_may_be_any_text() {
    assert!(is_locked_serially(Some("licence server")));
}

#[test]
#[serial(default)]
fn a_key_may_be_called_default() {
    assert!(is_locked_serially(Some("default")) && !is_locked_serially(None));
}

#[test]
#[serial(
    a_key_with_a_name_so_long_that_a_key_of_the_runtime_could_not_have_it_together_with_a_package
)]
fn a_key_may_be_long() {
    assert!(is_locked_serially(Some(
        "a_key_with_a_name_so_long_that_a_key_of_the_runtime_could_not_have_it_together_with_a_package"
    )));
}

#[test]
#[serial(Größe, größe, r#type)]
fn a_key_may_be_any_identifier() {
    assert!(is_locked_serially(Some("Größe")) && is_locked_serially(Some("r#type")));
}

#[test]
#[serial]
fn a_test_may_return_an_exit_code() -> ExitCode {
    ExitCode::SUCCESS
}

#[test]
#[serial]
fn a_test_may_return_a_trait() -> impl std::process::Termination {
    Ok::<(), String>(())
}

struct Shop {
    orders: Vec<String>,
}

impl Shop {
    #[serial(arguments_methods)]
    fn new() -> Self {
        Self { orders: Vec::new() }
    }

    #[serial(arguments_methods)]
    fn order(&mut self, thing: impl Display) -> &mut Self {
        self.orders.push(thing.to_string());
        self
    }

    #[file_serial(arguments_methods)]
    async fn count(&self) -> usize {
        self.orders.len()
    }

    #[parallel(arguments_methods)]
    fn into_first(self) -> Option<String> {
        self.orders.into_iter().next()
    }
}

#[tokio::test]
async fn a_method_may_have_the_attribute() {
    let mut shop = Shop::new();
    shop.order("book").order(7);
    assert_eq!(shop.count().await, 2);
    assert_eq!(shop.into_first().as_deref(), Some("book"));
}

#[test]
fn a_function_may_have_any_signature() {
    #[serial(arguments_signatures)]
    fn generic<'a, T: Into<Option<&'a str>> + 'a, const N: usize, F: Fn(&str) -> usize>(
        text: T,
        (one, two): (u8, u8),
        [first, _]: [u8; 2],
        mut length: F,
        _number: [u8; N],
    ) -> Option<usize>
    where
        [u8; N]: Sized,
    {
        length = identity(length);
        let text = text.into()?;
        Some(length(text) + usize::from(one + two + first))
    }

    #[expect(unsafe_code, reason = "unsafe functions may have the attribute too")]
    #[serial(arguments_signatures)]
    unsafe fn is_unsafe() -> u8 {
        1
    }

    #[serial(arguments_signatures)]
    extern "C" fn is_foreign(number: u8) -> u8 {
        number
    }

    #[serial(arguments_signatures)]
    fn never() -> ! {
        std::panic::resume_unwind(Box::new("never"))
    }

    #[serial(arguments_signatures)]
    fn coerces(is_there: bool) -> Box<dyn Display> {
        if is_there {
            return Box::new("text");
        }
        Box::new(7)
    }

    #[serial(arguments_signatures)]
    fn has_inner_attributes() {
        #![expect(unused_variables, reason = "shows that inner attributes apply")]
        let unused = 7;
    }

    assert_eq!(generic("abc", (1, 2), [3, 4], str::len, [0]), Some(9));
    #[expect(unsafe_code, reason = "as above")]
    // SAFETY: it does nothing.
    let number = unsafe { is_unsafe() };
    assert_eq!(number + is_foreign(1), 2);
    std::panic::catch_unwind(|| never()).unwrap_err();
    assert_eq!(
        coerces(true).to_string() + &coerces(false).to_string(),
        "text7"
    );
    has_inner_attributes();
}

#[test]
fn a_function_may_come_from_a_macro() {
    macro_rules! make {
        ($visibility:vis $name:ident, $returned:ty, $body:block, $item:item) => {
            #[serial(arguments_macro)]
            $visibility fn $name() -> $returned $body

            #[file_parallel(arguments_macro)]
            $item
        };
    }

    make!(pub(super) seven, u8, { 7 }, fn eight() -> u8 { 8 });
    assert_eq!((seven(), eight()), (7, 8));
}
