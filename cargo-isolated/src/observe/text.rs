//! The findings as text.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::figures::count;
use crate::findings::{Conflict, Findings, Outcome, Place, Test};
use crate::terminal::{FAINT, GOOD, STRONG, styled};

/// How many tests of a conflict to name.
const MOST: usize = 6;

/// How many leftover files and processes to name.
const MOST_LEFT: usize = 20;

/// The report for people, in 80 columns where names are short enough.
pub(super) fn report(findings: &Findings) -> String {
    let mut text = String::new();
    for conflict in &findings.conflicts {
        conflict_text(&mut text, conflict, &findings.tests);
    }
    between_runs(&mut text, findings);
    let failed = |outcome| {
        let tests = findings
            .tests
            .iter()
            .filter(move |test| test.outcome == outcome);
        tests.map(full_name).collect::<Vec<_>>()
    };
    list(&mut text, "fail alone", &failed(Outcome::Failed));
    list(
        &mut text,
        "fail only under observation",
        &failed(Outcome::FailedOnlyObserved),
    );
    let left = findings.tests.iter().flat_map(|test| {
        let what = test
            .left_behind
            .iter()
            .filter(|what| !is_in_another(what, &test.left_behind));
        what.map(move |what| {
            // A shell script has several lines.
            let what = what.split_whitespace().collect::<Vec<_>>().join(" ");
            format!("{what} ({})", full_name(test))
        })
    });
    let mut left: Vec<_> = left.collect();
    if left.len() > MOST_LEFT {
        let more = left.split_off(MOST_LEFT).len();
        left.push(format!("and {more} more; `--json` has all"));
    }
    list(&mut text, "left behind", &left);
    let conflicts = match findings.conflicts.len() {
        0 => "no conflict".to_owned(),
        conflicts => count(conflicts, "conflict"),
    };
    let tests = count(findings.tests.len(), "test");
    let mut summary = format!("{conflicts} in {tests}");
    match findings.between_runs.len() {
        0 => {}
        count => {
            let _ = write!(summary, ", {count} between two runs of one test");
        }
    }
    let _ = writeln!(text, "{}", styled(STRONG, &summary));
    text
}

/// Whether a file is in a directory that was also left behind.
fn is_in_another(what: &str, all: &[String]) -> bool {
    let mut dirs = all
        .iter()
        .filter_map(|other| what.strip_prefix(other.as_str()));
    what.starts_with("file ") && dirs.any(|rest| rest.starts_with('/'))
}

/// The conflicts between two runs of one test, two lines each.
fn between_runs(text: &mut String, findings: &Findings) {
    if findings.between_runs.is_empty() {
        return;
    }
    let _ = writeln!(text, "{}", styled(STRONG, "between two runs of one test:"));
    for conflict in &findings.between_runs {
        let tests = conflict.writers.iter().map(|test| &findings.tests[*test]);
        let tests: Vec<_> = tests.map(full_name).collect();
        let _ = writeln!(text, "  {} ({})", conflict.resource, tests.join(", "));
        let fix = ways(conflict).remove(0);
        let _ = writeln!(text, "    {:<9}{}", "fix", styled(GOOD, &fix));
    }
    text.push('\n');
}

fn conflict_text(text: &mut String, conflict: &Conflict, tests: &[Test]) {
    let all = count(conflict.writers.len() + conflict.readers.len(), "test");
    let title = styled(STRONG, &conflict.resource.to_string());
    let _ = writeln!(text, "{title}: {all}");
    for (what, indices) in [
        ("changed by", &conflict.writers),
        ("used by", &conflict.readers),
    ] {
        for line in grouped(indices, tests) {
            let _ = writeln!(text, "  {what:<11}{line}");
        }
    }
    for Place { file, line } in &conflict.places {
        let place = format!("{}:{line}", file.display());
        let _ = writeln!(text, "  {:<11}{}", "in", styled(FAINT, &place));
    }
    let mut label = "fix";
    for way in ways(conflict) {
        let _ = writeln!(text, "  {label:<11}{}", styled(GOOD, &way));
        label = "or";
    }
    text.push('\n');
}

/// The ways to remove a conflict, best first.
fn ways(conflict: &Conflict) -> Vec<String> {
    let key = format!("serial = \"{}\"", conflict.key);
    let better = [&conflict.argument, &conflict.suggestion];
    let better = better.into_iter().flatten().cloned();
    better.chain([key]).collect()
}

/// The tests of each program in a line: `shop::api adds, removes`.
fn grouped(indices: &[usize], tests: &[Test]) -> Vec<String> {
    let mut programs: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for test in indices.iter().map(|index| &tests[*index]) {
        programs.entry(program(test)).or_default().push(&test.name);
    }
    let lines = programs.into_iter().map(|(program, names)| {
        let shown = names
            .iter()
            .take(MOST)
            .copied()
            .collect::<Vec<_>>()
            .join(", ");
        match names.len().saturating_sub(MOST) {
            0 => format!("{program} {shown}"),
            more => format!("{program} {shown} and {more} more"),
        }
    });
    lines.collect()
}

fn program(test: &Test) -> String {
    if test.target == test.package.replace('-', "_") || test.target == test.package {
        test.package.clone()
    } else {
        format!("{}::{}", test.package, test.target)
    }
}

fn full_name(test: &Test) -> String {
    format!("{} {}", program(test), test.name)
}

fn list(text: &mut String, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(text, "{}:", styled(STRONG, title));
    for line in lines {
        let _ = writeln!(text, "  {line}");
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use anstream::adapter::strip_str;

    use super::report;
    use crate::findings::{Conflict, Findings, Kind, Outcome, Place, Resource, Test, VERSION};

    fn test(target: &str, name: &str, outcome: Outcome) -> Test {
        Test {
            package: "my-shop".to_owned(),
            target: target.to_owned(),
            root: "src/lib.rs".into(),
            name: name.to_owned(),
            outcome,
            locks: Vec::new(),
            left_behind: Vec::new(),
            touched: Vec::new(),
        }
    }

    #[test]
    fn a_report_names_conflicts_failures_and_what_is_left() {
        let mut tests = vec![
            test("my_shop", "adds", Outcome::Passed),
            test("api", "listens", Outcome::Failed),
            test("api", "answers", Outcome::FailedOnlyObserved),
        ];
        let left = ["file /tmp/a", "file /tmp/a/b", "process sh -c \nsleep  600"];
        tests[0].left_behind.extend(left.map(str::to_owned));
        let conflict = Conflict {
            resource: Resource {
                kind: Kind::TcpPort,
                name: "8080".to_owned(),
            },
            writers: vec![0, 1],
            readers: vec![2],
            places: vec![Place {
                file: "tests/api.rs".into(),
                line: 7,
            }],
            key: "port-8080".to_owned(),
            argument: Some("port(number = 8080)".to_owned()),
            fixed_at: vec![0, 1, 2],
            suggestion: None,
        };
        let alone = Conflict {
            resource: Resource {
                kind: Kind::File,
                name: "/tmp/a".to_owned(),
            },
            writers: vec![0],
            readers: Vec::new(),
            places: Vec::new(),
            key: "a".to_owned(),
            argument: None,
            fixed_at: Vec::new(),
            suggestion: None,
        };
        let mut findings = Findings {
            version: VERSION,
            tests,
            conflicts: vec![conflict],
            between_runs: vec![alone],
        };
        let expected = "\
TCP port 8080: 3 tests
  changed by my-shop adds
  changed by my-shop::api listens
  used by    my-shop::api answers
  in         tests/api.rs:7
  fix        port(number = 8080)
  or         serial = \"port-8080\"

between two runs of one test:
  file /tmp/a (my-shop adds)
    fix      serial = \"a\"

fail alone:
  my-shop::api listens

fail only under observation:
  my-shop::api answers

left behind:
  file /tmp/a (my-shop adds)
  process sh -c sleep 600 (my-shop adds)

1 conflict in 3 tests, 1 between two runs of one test
";
        let plain = |findings: &Findings| strip_str(&report(findings)).to_string();
        assert_eq!(plain(&findings), expected);
        findings.conflicts.clear();
        findings.between_runs.clear();
        findings.tests.truncate(1);
        findings.tests[0].left_behind = (0..22).map(|i| format!("file /tmp/{i}")).collect();
        let text = plain(&findings);
        let end = "  file /tmp/19 (my-shop adds)\n  and 2 more; `--json` has all\n\nno conflict in 1 test\n";
        assert!(text.ends_with(end), "{text}");
        findings.tests[0].left_behind.clear();
        let expected = "no conflict in 1 test\n";
        assert_eq!(plain(&findings), expected);
    }
}
