#![deny(deprecated)]

use isolated_test::isolated;

macro_rules! make_tests {
    ($($name:ident)*) => { $(#[test] fn $name() {})* };
}

#[isolated(port)]
mod tests {
    #[test]
    fn is_isolated() {}

    make_tests!(is_not is_neither);

    #[allow(deprecated)]
    make_tests!(is_meant_to_be_so);
}

fn main() {}
