#[isolated_test::test(port)]
struct Server;

fn main() {}
