//! Tests that a peer does not compile.

use std::time::Duration;

use crate::bounded::Bounded;
use crate::failures::stage::Stage;
use crate::failures::{Demonstration, Seen};
use crate::{Result, binaries, place};

const OURS: &str = "accepted_isolated";

pub(crate) const DEMONSTRATIONS: &[Demonstration] = &[
    Demonstration {
        number: 8,
        failure: "a key that is no identifier is rejected",
        peers: &[(
            "serial_test",
            "`serial(\"licence server\")`",
            "key_serial_test",
        )],
        ours: OURS,
        show,
    },
    Demonstration {
        number: 9,
        failure: "a test that returns `ExitCode` or `Result` does not compile",
        peers: &[
            ("serial_test", "`-> ExitCode`", "exit_code_serial_test"),
            ("sealed_test", "`-> ExitCode`", "exit_code_sealed_test"),
            ("rusty-fork", "`-> Result<(), String>`", "result_rusty_fork"),
        ],
        ours: OURS,
        show,
    },
    Demonstration {
        number: 11,
        failure: "cleanup and a body that ends in a value exclude each other",
        peers: &[(
            "sealed_test",
            "`after`, `-> Result<(), String>`",
            "tail_sealed_test",
        )],
        ours: OURS,
        show,
    },
    Demonstration {
        number: 12,
        failure: "an asynchronous test has no process of its own",
        peers: &[
            ("sealed_test", "`#[tokio::test]`", "async_sealed_test"),
            ("rusty-fork", "`#[tokio::test]`", "async_rusty_fork"),
            ("test-fork", "`#[tokio::test]`", "async_test_fork"),
        ],
        ours: OURS,
        show,
    },
];

/// Compiles and runs a target of `tests/refused`.
fn show(stage: &Stage, target: &str) -> Result<Seen> {
    let mut cargo = binaries::cargo();
    cargo
        .args(["test", "--quiet", "--manifest-path"])
        .arg(&stage.manifest)
        .args([
            "--features",
            "refused",
            "--color",
            "never",
            "--test",
            target,
        ])
        .arg("--target-dir")
        .arg(place::target()?);
    let ended = Bounded::start(cargo)?.wait(Duration::from_mins(2))?;
    if ended.passed() {
        let counted = ended.stdout.split("test result: ok. ").nth(1);
        let count = counted
            .and_then(|rest| rest.split(' ').next())
            .unwrap_or("no");
        return Ok(Seen::new(false, format!("compiles; {count} passed")));
    }
    let error = ended.stderr.lines().find(|line| line.starts_with("error"));
    let text = match error {
        Some(error) => format!("`{}`", error.replace('`', "'")),
        None => "compiles, but fails when it is run".to_owned(),
    };
    Ok(Seen::new(true, text))
}
