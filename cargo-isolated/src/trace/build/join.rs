//! Joins what several files or lines tell about one test.

use super::{Building, Kind};
use crate::trace::timeline::{Outcome, Phase, Test};

/// Joins tests with their guards, subprocesses and sandboxes. Also returns how many sandboxes were
/// joined with a process that has a trace.
pub(super) fn parts(all: Vec<Building>) -> (Vec<Building>, usize) {
    let mut merged = 0;
    let (mut tests, mut guards, mut insides, mut programs) = (vec![], vec![], vec![], vec![]);
    for one in all {
        match one.kind {
            Kind::Test | Kind::Host => tests.push(one),
            Kind::Guard => guards.push(one),
            Kind::Inside => insides.push(one),
            Kind::Program => programs.push(one),
        }
    }
    // A guard may have been acquired in the subprocess of a test.
    for guard in guards {
        let home = insides
            .iter_mut()
            .chain(&mut tests)
            .find(|home| home.has(&guard) && home.test.file == guard.test.file);
        match home {
            Some(home) => home.adopt(guard),
            None => tests.push(guard),
        }
    }
    for inside in insides {
        let home = tests.iter_mut().find(|home| {
            let parents = [Some(inside.test.pid), inside.link];
            home.has(&inside) && home.link.is_some() && parents.contains(&home.link)
        });
        match home {
            Some(home) => {
                home.test.child = Some(inside.test.pid);
                home.adopt(inside);
            }
            None => tests.push(inside),
        }
    }
    for program in programs {
        // A program that is annotated has told more about its tests.
        merged += usize::from(tests.iter().any(|one| program.ran(one)));
        let is_test = |one: &Building| one.kind == Kind::Test && program.ran(one);
        let mut known: Vec<_> = tests.iter_mut().filter(|one| is_test(one)).collect();
        match &mut known[..] {
            [] => {
                let (guards, others): (Vec<_>, Vec<_>) =
                    tests.into_iter().partition(|one| program.ran(one));
                tests = others;
                tests.push(program.into_test(guards));
            }
            [test] => test.adopt_sandbox(program),
            _ => {}
        }
    }
    (tests, merged)
}

impl Building {
    /// Whether `part` has the name of this test and began while the test ran.
    fn has(&self, part: &Building) -> bool {
        self.test.name == part.test.name
            && (self.test.begin..=self.test.end).contains(&part.test.begin)
    }

    /// Adds a guard or a subprocess to this test. Leaves out its body, because this test has the
    /// same body.
    fn adopt(&mut self, part: Building) {
        let spans = part.test.spans.into_iter();
        self.test
            .spans
            .extend(spans.filter(|span| span.phase != Phase::Body));
        self.test.waits.extend(part.test.waits);
        self.test.locks.extend(part.test.locks);
    }

    /// Whether this program is the process of a test or guard.
    fn ran(&self, part: &Building) -> bool {
        let time = self.test.begin..=self.test.end;
        self.link == Some(part.test.pid) && time.contains(&part.test.begin)
    }

    /// Makes a test of a program that has traced none.
    fn into_test(mut self, guards: Vec<Building>) -> Building {
        self.test.pid = self.link.unwrap_or(self.test.pid);
        for guard in guards {
            self.adopt(guard);
        }
        self
    }

    /// Adds the sandbox of this test, and its end if the test could not record that.
    fn adopt_sandbox(&mut self, program: Building) {
        let Test {
            begin,
            end,
            outcome,
            how,
            why,
            spans,
            ..
        } = program.test;
        if self.test.outcome == Outcome::Unfinished && outcome == Outcome::Failed {
            (self.test.outcome, self.test.how, self.test.why) = (outcome, how, why);
            let over = spans.iter().find(|span| span.phase == Phase::Body);
            let over = over.map_or(0, |span| span.to);
            let bodies = self.test.spans.iter_mut();
            for body in bodies.filter(|span| span.phase == Phase::Body) {
                body.to = body.to.max(over);
            }
        }
        self.test.begin = begin;
        self.test.end = self.test.end.max(end);
        let spans = spans.into_iter();
        self.test
            .spans
            .extend(spans.filter(|span| span.phase != Phase::Body));
    }
}
