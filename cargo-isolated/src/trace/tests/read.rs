//! The timeline that is read from lines.

use super::written::{Lines, START, Written};
use super::{named, timeline_of};
use crate::trace::timeline::{Holder, Outcome, Phase, Role, Span, Wait};

fn span(phase: Phase, from: u64, to: u64, what: &str) -> Span {
    Span {
        phase,
        from,
        to,
        what: what.to_owned(),
    }
}

#[test]
fn a_test_has_its_phases() {
    let written = Written::new([Lines::of(7)
        .test(10, 1, "shop::pays")
        .wait(20, 50, 1, "serial tcp", "shop::other")
        .say(60, "provision", 1, "\"name\":\"db\"")
        .say(70, "provisioned", 1, "\"name\":\"db\"")
        .say(80, "body", 1, "")
        .say(
            90,
            "over",
            1,
            "\"outcome\":\"failed\",\"how\":\"panicked\",\"why\":\"no\"",
        )
        .say(91, "release", 1, "\"name\":\"db\"")
        .say(95, "released", 1, "\"name\":\"db\"")
        .say(96, "free", 1, "\"want\":\"serial tcp\"")
        .say(99, "end", 1, "\"outcome\":\"failed\"")]);
    let timeline = timeline_of(&written);
    assert_eq!((timeline.start, timeline.length), (START + 10, 89));
    let test = named(&timeline, "shop::pays");
    assert_eq!((test.begin, test.active, test.end), (0, Some(50), 89));
    assert_eq!((test.pid, test.outcome), (7, Outcome::Failed));
    assert_eq!((&*test.how, &*test.why), ("panicked", "no"));
    assert_eq!(
        test.spans,
        [
            span(Phase::Body, 70, 80, ""),
            span(Phase::Wait, 10, 40, "serial tcp"),
            span(Phase::Provision, 50, 60, "db"),
            span(Phase::Release, 81, 85, "db"),
        ]
    );
    assert_eq!(
        test.waits,
        [Wait {
            want: "serial tcp".to_owned(),
            from: 10,
            to: 40,
            is_had: true,
            behind: vec![Holder {
                test: "shop::other".to_owned(),
                pid: 1
            }],
        }]
    );
    assert_eq!((test.locks[0].from, test.locks[0].to), (40, 86));
    assert_eq!(timeline.groups[0].name, "shop (pid 7)");
}

#[test]
fn a_process_that_was_killed_has_unfinished_tests_and_a_broken_line() {
    let written = Written::new([Lines::of(7)
        .test(0, 1, "passes")
        .test(0, 2, "hangs")
        .say(5, "body", 2, "")
        .body(5, 30, 1, "passed")
        .raw("{\"t\":17000000")]);
    let timeline = timeline_of(&written);
    assert_eq!(timeline.broken, 1);
    let test = named(&timeline, "hangs");
    assert_eq!((test.outcome, test.end), (Outcome::Unfinished, 30));
    assert_eq!(test.spans, [span(Phase::Body, 5, 30, "")]);
    assert_eq!(timeline.count(Outcome::Passed), 1);
    assert_eq!(timeline.count(Outcome::Unfinished), 1);
}

#[test]
fn a_lock_that_was_given_up_was_waited_for_in_vain() {
    let written = Written::new([Lines::of(7)
        .test(0, 1, "gives_up")
        .say(10, "wait", 1, "\"want\":\"serial tcp\",\"behind\":[]")
        .say(
            40,
            "over",
            1,
            "\"outcome\":\"failed\",\"how\":\"unable\",\"why\":\"\"",
        )
        .say(40, "end", 1, "\"outcome\":\"failed\"")]);
    let timeline = timeline_of(&written);
    let test = named(&timeline, "gives_up");
    assert_eq!(test.active, None);
    assert!(!test.waits[0].is_had);
    assert_eq!((test.waits[0].from, test.waits[0].to), (10, 40));
}

#[test]
fn the_process_of_a_test_and_its_guards_belong_to_the_parent() {
    let who = "\"test\":\"elsewhere\",\"thread\":\"main\",\"number\":1";
    let inside = |pid, parent| {
        Lines::of(pid)
            .say(30, "inside", 1, &format!("{who},\"parent\":{parent}"))
            .say(31, "provision", 1, "\"name\":\"db\"")
            .say(35, "provisioned", 1, "\"name\":\"db\"")
            .say(36, "body", 1, "")
            .say(40, "guard", 2, &format!("{who},\"want\":\"serial tcp\""))
            .wait(40, 45, 2, "serial tcp", "")
            .say(50, "free", 2, "\"want\":\"serial tcp\"")
    };
    let parent = |pid, supervisor| {
        Lines::of(pid)
            .test(0, 1, "elsewhere")
            .say(20, "child", 1, &format!("\"pid\":{supervisor}"))
            .body(20, 90, 1, "passed")
    };
    // Two runs of one binary at once.
    let written = Written::new([parent(1, 2), inside(3, 2), parent(5, 6), inside(7, 6)]);
    let timeline = timeline_of(&written);
    assert_eq!(timeline.tests.len(), 2);
    for (test, child) in timeline.tests.iter().zip([3, 7]) {
        assert_eq!(test.child, Some(child));
        let phases: Vec<_> = test.spans.iter().map(|span| span.phase).collect();
        assert_eq!(
            phases,
            [Phase::Body, Phase::Guard, Phase::Provision, Phase::Wait]
        );
        assert_eq!((test.end, test.outcome), (90, Outcome::Passed));
    }
    assert_eq!(timeline.totals[0].time, 10);
}

#[test]
fn a_guard_that_belongs_to_no_test_stands_alone() {
    let who = "\"test\":\"plain\",\"thread\":\"main\",\"number\":1";
    let written = Written::new([Lines::of(3)
        .say(0, "guard", 1, &format!("{who},\"want\":\"serial tcp\""))
        .say(1, "held", 1, "\"want\":\"serial tcp\"")
        .say(9, "free", 1, "\"want\":\"serial tcp\"")]);
    let timeline = timeline_of(&written);
    let test = named(&timeline, "plain");
    assert_eq!(test.role, Role::Guard);
    assert_eq!(test.spans, [span(Phase::Guard, 1, 9, "serial tcp")]);
    assert_eq!(timeline.count(Outcome::Passed), 0);
}

#[test]
fn processes_of_one_test_each_share_their_lanes() {
    let processes = (0..2_000).map(|index| {
        let begin = u64::from(index) * 10;
        Lines::of(100 + index)
            .test(begin, 1, &format!("test_{index}"))
            .body(begin, begin + 15, 1, "passed")
    });
    let timeline = timeline_of(&Written::new(processes));
    assert_eq!(timeline.processes, 2_000);
    let [group] = &timeline.groups[..] else {
        panic!("{:?}", timeline.groups);
    };
    assert_eq!((&*group.name, group.lanes), ("shop (2000 processes)", 2));
}

#[test]
fn a_clock_that_was_set_back_makes_no_negative_times() {
    let written = Written::new([Lines::of(7)
        .test(50, 1, "lives")
        .say(60, "body", 1, "")
        .body(0, 10, 1, "passed")]);
    let timeline = timeline_of(&written);
    let test = named(&timeline, "lives");
    assert!(test.begin <= test.end);
    assert!(test.spans.iter().all(|span| span.from <= span.to));
}

#[test]
fn what_a_newer_runtime_says_besides_is_passed_over() {
    let written = Written::new([Lines::of(7)
        .test(0, 1, "lives")
        .say(1, "novelty", 1, "\"with\":{\"more\":[1]}")
        .body(2, 3, 1, "passed")]);
    let timeline = timeline_of(&written);
    assert_eq!((timeline.tests.len(), timeline.broken), (1, 0));
}

/// A host that provisions, serves until after the last test, takes a key meanwhile, and ends.
fn host(pid: u32) -> Lines {
    let who = "\"test\":\"host of api\",\"thread\":\"main\",\"number\":1";
    Lines::of(pid)
        .say(10, "host", 1, &format!("{who},\"at\":\"src/serving.rs:1\""))
        .say(11, "provision", 1, "\"name\":\"shared\"")
        .say(12, "guard", 2, &format!("{who},\"want\":\"serial db\""))
        .wait(12, 15, 2, "serial db", "")
        .say(18, "free", 2, "\"want\":\"serial db\"")
        .say(20, "provisioned", 1, "\"name\":\"shared\"")
        .body(20, 900, 1, "passed")
}

#[test]
fn a_host_has_a_lane_and_is_no_test() {
    let user = |pid, begin: u64| {
        Lines::of(pid)
            .test(begin, 1, "shop::pays")
            .say(begin + 5, "provision", 1, "\"name\":\"api\"")
            .say(begin + 25, "provisioned", 1, "\"name\":\"api\"")
            .body(begin + 25, begin + 50, 1, "failed")
    };
    let hosts = [host(2), host(4)];
    let timeline = timeline_of(&Written::new(
        [user(1, 0), user(3, 30)].into_iter().chain(hosts),
    ));
    assert_eq!((timeline.length, timeline.tested), (900, 80));
    assert_eq!((timeline.processes, timeline.hosts), (2, 2));
    let names: Vec<_> = timeline.groups.iter().map(|group| &*group.name).collect();
    assert_eq!(names, ["shop (2 processes)", "host of api (2 processes)"]);
    assert_eq!(timeline.groups[1].lanes, 2);

    let host = named(&timeline, "host of api");
    assert_eq!(host.role, Role::Host);
    let phases: Vec<_> = host.spans.iter().map(|span| span.phase).collect();
    let expected = [Phase::Guard, Phase::Body, Phase::Provision, Phase::Wait];
    assert!(
        expected.iter().all(|phase| phases.contains(phase)),
        "{phases:?}"
    );

    assert_eq!(timeline.count(Outcome::Failed), 2);
    assert_eq!(timeline.count(Outcome::Passed), 0);
    assert_eq!((timeline.phases.provision, timeline.phases.body), (40, 50));
    assert!(timeline.totals.is_empty(), "{:?}", timeline.totals);
    let test = named(&timeline, "shop::pays");
    assert!(test.spans.contains(&span(Phase::Provision, 5, 25, "api")));
    let beside: Vec<_> = test.overlaps.iter().map(|other| other.test).collect();
    let other = timeline
        .tests
        .iter()
        .rposition(|one| one.name == "shop::pays");
    assert_eq!(beside, [other.unwrap()]);
}

#[test]
fn a_host_that_still_serves_is_no_unfinished_test() {
    let who = "\"test\":\"host of api\",\"thread\":\"main\",\"number\":1,\"at\":\"\"";
    let written = Written::new([
        Lines::of(1)
            .test(0, 1, "shop::pays")
            .body(5, 9, 1, "passed"),
        Lines::of(2).say(1, "host", 1, who).say(4, "body", 1, ""),
    ]);
    let timeline = timeline_of(&written);
    assert_eq!(timeline.count(Outcome::Unfinished), 0);
    assert_eq!(named(&timeline, "host of api").outcome, Outcome::Unfinished);
}
