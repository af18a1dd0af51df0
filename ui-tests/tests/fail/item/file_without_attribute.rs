isolated_test::isolate_file! {

#[test]
fn stores() {}

}

fn main() {}
