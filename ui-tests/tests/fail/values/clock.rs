use isolated_test::isolated;

#[isolated(clock = "2026-02-29T12:00:00Z")]
#[test]
fn leaps() {}

#[isolated(clock(at = "2026-02-28T12:00:00", frozen, speed = -1))]
#[test]
fn turns_back() {}

#[isolated(clock)]
#[test]
fn stands() {}

fn main() {}
