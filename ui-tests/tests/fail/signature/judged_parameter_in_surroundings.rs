use isolated_test::isolated;
use test_case::test_case;

#[isolated(env(NUMBER = number, TEXT = number.to_string()), process)]
#[test_case(2 => 4)]
fn squares(number: u32) -> u32 {
    number * number
}

fn main() {}
