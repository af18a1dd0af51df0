use isolated_test::isolated;

#[isolated(timeout = "soon", timeout = "", timeout = "-3s", timeout = ".5s", timeout = "1.2.3s")]
#[test]
fn adds() {}

fn main() {}
