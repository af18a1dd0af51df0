//! Resources of a process and files that tests share, or seem to share.

use crate::{findings, observe_package, package};

#[test]
fn only_a_change_that_another_test_can_notice_is_a_conflict() {
    let tests = r#"
        use std::process::Command;
        use std::sync::{Mutex, OnceLock};

        static LIMIT: Mutex<u32> = Mutex::new(7);
        static NAME: OnceLock<String> = OnceLock::new();
        static NUMBER: OnceLock<u64> = OnceLock::new();

        fn use_all(number: u64) {
            assert_eq!(*LIMIT.lock().unwrap(), 7);
            NAME.set("a name that is always the same".to_owned()).unwrap();
            NUMBER.set(number).unwrap();
        }

        #[test]
        fn one() {
            use_all(1);
        }

        #[test]
        fn two() {
            use_all(2);
        }

        #[test]
        fn sets() {
            unsafe { std::env::set_var("TZ", "UTC") };
        }

        #[test]
        fn has_its_own() {
            assert!(Command::new("date").env("TZ", "CET").status().unwrap().success());
        }

        #[test]
        fn inherits() {
            assert!(Command::new("date").status().unwrap().success());
        }

        #[test]
        fn installs() {
            std::fs::write("tool", "x").unwrap();
        }

        #[test]
        fn runs() {
            let _ = Command::new("./tool").status();
        }
    "#;
    let package = package(tests, "");
    let findings = findings(&observe_package(&package, &["--json"]));
    let names = |indices: &[usize]| {
        let tests = indices.iter().map(|index| &*findings.tests[*index].name);
        tests.collect::<Vec<_>>().join(" ")
    };
    let mut conflicts: Vec<_> = findings
        .conflicts
        .iter()
        .map(|found| {
            let name = found.resource.name.rsplit('/').next().expect("a name");
            format!(
                "{name}: {} / {}",
                names(&found.writers),
                names(&found.readers)
            )
        })
        .collect();
    conflicts.sort();
    assert_eq!(
        conflicts,
        [
            "TZ: sets / inherits",
            "all::NUMBER: one two / ",
            "tool: installs / runs"
        ]
    );
}

#[test]
fn tests_that_take_turns_or_set_the_same_value_share_no_variable() {
    let tests = r#"
        use std::env::{self, remove_var, set_var};
        use std::sync::{LazyLock, Mutex};

        static PLAIN: Mutex<()> = Mutex::new(());
        static LAZY: LazyLock<Mutex<()>> = LazyLock::new(|| Mutex::new(()));

        fn set(name: &str, value: &str) {
            unsafe { set_var(name, value) };
            assert_eq!(env::var(name).unwrap(), value);
            unsafe { remove_var(name) };
        }

        #[test]
        fn one() {
            {
                let _turn = PLAIN.lock().unwrap();
                set("WITH_PLAIN", "1");
            }
            let _turn = LAZY.lock().unwrap();
            set("WITH_LAZY", "1");
            env::set_current_dir("/").unwrap();
        }

        #[test]
        fn two() {
            {
                let _turn = LAZY.lock().unwrap();
                set("WITH_LAZY", "2");
                env::set_current_dir("/tmp").unwrap();
            }
            {
                let _turn = PLAIN.lock().unwrap();
                set("WITH_PLAIN", "2");
            }
            set("WITHOUT", "2");
            unsafe { set_var("SAME", "1") };
            assert!(env::var("READ_BEFORE").is_err());
            unsafe { set_var("READ_BEFORE", "1") };
        }

        #[test]
        fn three() {
            let _turn = PLAIN.lock().unwrap();
            set("WITHOUT", "3");
            unsafe { set_var("SAME", "1") };
            unsafe { set_var("READ_BEFORE", "1") };
        }
    "#;
    let package = package(tests, "");
    let findings = findings(&observe_package(&package, &["--json"]));
    assert!(findings.tests.iter().all(|test| test.outcome == "passed"));
    let shared = findings.conflicts.iter();
    let shared: Vec<_> = shared.map(|conflict| &*conflict.resource.name).collect();
    assert_eq!(shared, ["READ_BEFORE", "WITHOUT"]);
}

#[test]
fn a_file_is_found_through_the_descriptor_of_its_directory() {
    let tests = r#"
        use std::fs::{self, File};
        use std::os::fd::AsRawFd;

        unsafe extern "C" {
            fn fstatat(dir: i32, path: *const i8, metadata: *mut [u64; 64], flags: i32) -> i32;
        }

        fn look(dir: i32, path: &std::ffi::CStr, flags: i32) {
            unsafe { fstatat(dir, path.as_ptr().cast(), &mut [0; 64], flags) };
        }

        #[test]
        fn writes() {
            fs::create_dir_all("dir").unwrap();
            fs::write("dir/by-descriptor", "1").unwrap();
            fs::write("by-name", "1").unwrap();
        }

        #[test]
        fn looks() {
            const AT_FDCWD: i32 = -100;
            const AT_EMPTY_PATH: i32 = 0x1000;

            fs::create_dir_all("dir").unwrap();
            look(File::open("dir").unwrap().as_raw_fd(), c"by-descriptor", 0);
            look(AT_FDCWD, c"by-name", AT_EMPTY_PATH);
        }
    "#;
    let package = package(tests, "");
    let findings = findings(&observe_package(&package, &["--json"]));
    let files = findings.conflicts.iter().filter_map(|conflict| {
        let name = conflict.resource.name.rsplit('/').next()?;
        (conflict.resource.kind == "file").then_some(name)
    });
    let mut files: Vec<_> = files.collect();
    files.sort_unstable();
    assert_eq!(files, ["by-descriptor", "by-name"]);
}
