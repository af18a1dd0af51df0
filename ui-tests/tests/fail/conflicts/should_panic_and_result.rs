use isolated_test::isolated;

#[isolated()]
#[test]
#[should_panic]
fn fails() -> Result<(), String> {
    Ok(())
}

fn main() {}
