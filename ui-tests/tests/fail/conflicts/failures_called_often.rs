use isolated_test::isolated;

#[isolated(retries = 3, quarantine = "a link")]
#[quickcheck]
fn sorts(numbers: Vec<u8>) -> bool {
    numbers.is_empty()
}

#[isolated(retries = 0)]
mod tests {
    #[proptest]
    fn holds(_n: u32) {}
}

fn main() {}
