isolated_test::isolate_file! { #![isolated(port, prot)]

fn helper() {}

}

fn main() {
    helper();
}
