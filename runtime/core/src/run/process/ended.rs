//! Describes in a sentence how a subprocess ended that should have reported its end.

use std::process::ExitStatus;

/// The progress of a test at the end of its subprocess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The subprocess had not found the test yet.
    Starting,
    Running,
    /// The body had ended.
    Over,
}

/// Describes an end that is a failure. There is no status if the supervisor was killed.
pub(super) fn sentence(test: &str, stage: Stage, status: Option<ExitStatus>) -> String {
    let Some(status) = status else {
        return "the supervisor of the test's process was killed, and the process with it"
            .to_owned();
    };
    let how = how(status);
    match stage {
        Stage::Starting if status.success() => format!(
            "the test binary knows no test `{test}`, so nothing was run; a test in a process of its \
             own must be found by its name"
        ),
        Stage::Starting => format!("the process of the test {how} before the test began"),
        Stage::Running => format!("the process of the test {how} before the test had ended"),
        Stage::Over => format!("the process of the test {how} after the test had ended"),
    }
}

/// Describes how a process ended: `was ended by SIGSEGV (segmentation fault)`.
#[cfg(unix)]
fn how(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;

    let Some(signal) = status.signal() else {
        return match status.code() {
            Some(code) => format!("exited with status {code}"),
            None => format!("ended ({status})"),
        };
    };
    let mut text = match signals::name(signal) {
        Some((name, meaning)) => format!("was ended by {name} ({meaning})"),
        None => format!("was ended by signal {signal}"),
    };
    if status.core_dumped() {
        text.push_str(", dumping core,");
    }
    if signal == signals::KILL {
        text.push_str(if super::memory::has_run_out() {
            ", as the system does when memory runs out,"
        } else {
            ", which somebody has sent,"
        });
    }
    text
}

/// Describes how a process ended.
#[cfg(not(unix))]
fn how(status: ExitStatus) -> String {
    match status.code() {
        // Codes of crashes are recognisable only in hexadecimal.
        Some(code) if code < 0 => format!("was ended by exception {code:#010x}"),
        Some(code) => format!("exited with status {code}"),
        None => format!("ended ({status})"),
    }
}

#[cfg(unix)]
mod signals {
    pub(super) const KILL: i32 = 9;

    /// The name and meaning of a signal whose number is the same on all systems, and of some more.
    pub(super) fn name(signal: i32) -> Option<(&'static str, &'static str)> {
        Some(match signal {
            1 => ("SIGHUP", "hangup"),
            2 => ("SIGINT", "interrupt"),
            3 => ("SIGQUIT", "quit"),
            4 => ("SIGILL", "illegal instruction"),
            5 => ("SIGTRAP", "trap"),
            6 => ("SIGABRT", "abort"),
            8 => ("SIGFPE", "arithmetic error"),
            KILL => ("SIGKILL", "killed"),
            11 => ("SIGSEGV", "invalid memory access"),
            13 => ("SIGPIPE", "nobody reads"),
            14 => ("SIGALRM", "alarm"),
            15 => ("SIGTERM", "termination"),
            #[cfg(target_os = "linux")]
            7 => ("SIGBUS", "bus error"),
            #[cfg(target_os = "linux")]
            31 => ("SIGSYS", "forbidden system call"),
            #[cfg(target_os = "linux")]
            24 => ("SIGXCPU", "too much processor time"),
            _ => return None,
        })
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::{Stage, sentence};

    fn said(stage: Stage, raw: i32) -> String {
        sentence("a::b", stage, Some(ExitStatus::from_raw(raw)))
    }

    #[test]
    fn every_end_has_a_sentence() {
        assert_eq!(
            said(Stage::Starting, 0),
            "the test binary knows no test `a::b`, so nothing was run; a test in a process of its own \
             must be found by its name"
        );
        assert_eq!(
            said(Stage::Running, 0),
            "the process of the test exited with status 0 before the test had ended"
        );
        assert_eq!(
            said(Stage::Running, 6),
            "the process of the test was ended by SIGABRT (abort) before the test had ended"
        );
        assert_eq!(
            said(Stage::Running, 0x80 | 0x0b),
            "the process of the test was ended by SIGSEGV (invalid memory access), dumping core, \
             before the test had ended"
        );
        assert_eq!(
            said(Stage::Over, 3 << 8),
            "the process of the test exited with status 3 after the test had ended"
        );
        assert_eq!(
            said(Stage::Starting, 40),
            "the process of the test was ended by signal 40 before the test began"
        );
    }

    #[test]
    fn a_supervisor_that_is_gone_says_nothing() {
        assert!(sentence("a", Stage::Running, None).contains("supervisor"));
    }
}
