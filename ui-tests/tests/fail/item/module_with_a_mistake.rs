use isolated_test::isolated;

#[isolated(prot)]
mod tests {
    use super::*;

    #[test]
    fn serves(_prot: u16) {}

    #[isolated(tmpdri)]
    #[test]
    fn stores() {}
}

fn main() {}
