use isolated_test::isolated;

#[isolated(test_attribute)]
mod tests {
    #[test]
    fn adds() {}
}

fn main() {}
