use isolated_test::isolated;

#[isolated(process, timeout = "30s")]
#[quickcheck]
fn sorts(numbers: Vec<u8>) -> bool {
    numbers.is_empty()
}

#[isolated(env(A = 1))]
#[proptest]
fn holds(_n: u32) {}

#[isolated(cwd)]
mod tests {
    #[property_test]
    fn holds(_n: u32) {}
}

fn main() {}
