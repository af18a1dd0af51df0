use isolated_test::isolated;

const NUMBER: u32 = 1;

#[isolated(serial = MISSING)]
mod missing {
    #[isolated_test::isolated(test_attribute = "called by nobody")]
    fn adds() {}
}

#[isolated(serial = NUMBER)]
mod no_key {
    pub const NUMBER: &str = "another";

    #[isolated_test::isolated(test_attribute = "called by nobody")]
    fn adds() {}
}

#[isolated(env(TIME = vec![NUMBER]))]
mod no_value {
    #[isolated_test::isolated(test_attribute = "called by nobody")]
    fn adds() {}
}

fn main() {}
