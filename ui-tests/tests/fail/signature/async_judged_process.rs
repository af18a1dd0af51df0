use isolated_test::isolated;

#[isolated(process)]
#[test_case(1 => 2)]
#[tokio::test]
async fn doubles(n: u32) -> u32 {
    n * 2
}

fn main() {}
