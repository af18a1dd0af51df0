use isolated_test::isolated;

const NUMBER: u32 = 1;

#[isolated(serial = NUMBER)]
mod tests {
    pub const NUMBER: &str = "another";

    #[isolated_test::isolated(test_attribute = "called by nobody")]
    fn adds() {}
}

fn main() {}
