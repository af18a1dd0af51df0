use isolated_test::isolated;

#[isolated(port)]
struct Server;

fn main() {}
