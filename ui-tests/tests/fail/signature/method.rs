use isolated_test::isolated;

struct Tests;

impl Tests {
    #[isolated]
    #[test]
    fn adds(&self) {}
}

fn main() {}
