//! Tests with a runner other than libtest: `harness = false` with libtest-mimic.

use std::process::ExitCode;

use isolated_test::{TmpDir, current, isolated};
use libtest_mimic::{Arguments, Trial};

#[isolated(test_attribute = "called by a trial", tmpdir)]
fn in_place(tmpdir: &TmpDir) {
    assert!(tmpdir.is_dir());
}

#[isolated(test_attribute = "called by a trial", process, env(PARENT = std::process::id()))]
fn apart() {
    let parent = std::env::var("PARENT").expect("the parent's number");
    assert_ne!(parent, std::process::id().to_string());
}

mod module {
    use super::{current, isolated};

    #[isolated(test_attribute = "called by a trial", process, timeout = "1m")]
    pub(super) fn named() {
        assert_eq!(current().name(), "mimic::module::named");
    }

    #[isolated(test_attribute = "called by a trial", process)]
    pub(super) fn is_ignored() {}
}

#[isolated(test_attribute = "called by a trial", process)]
fn fails() {
    panic!("on purpose");
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trial = |name: &str, test: fn()| {
        let run = move || {
            test();
            Ok(())
        };
        Trial::test(name, run)
    };
    let mut trials = vec![
        trial("in_place", in_place),
        trial("apart", apart),
        trial("module::named", module::named),
        trial("module::is_ignored", module::is_ignored).with_ignored_flag(true),
    ];
    // Only for the test that starts this program.
    if std::env::var_os("WITH_FAILURE").is_some() {
        trials.push(trial("fails", fails));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}
