use isolated_test::isolated;

#[isolated(fork, environment, chdir, time_limit = "3s", netns, dir)]
#[test]
fn adds() {}

fn main() {}
