use isolated_test::isolated;

#[isolated(off)]
#[test]
fn is_in_no_module() {}

#[isolated(tmpdir)]
mod annotated {
    use isolated_test::isolated;

    #[isolated(off, port)]
    #[test]
    fn asks_for_something(port: u16) {}

    #[isolated(off, off)]
    #[test]
    fn twice() {}
}

fn main() {}
