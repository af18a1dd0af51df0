//! The total time of all tests, by phase.

use crate::trace::timeline::{Phase, Phases, Test};

impl Phases {
    pub(crate) fn of(tests: &[Test]) -> Phases {
        let mut all = Phases::default();
        for test in tests.iter().filter(|test| test.is_test()) {
            let time = |phase| -> u64 {
                let spans = test.spans.iter().filter(|span| span.phase == phase);
                spans.map(|span| span.to - span.from).sum()
            };
            // What a test waits for or provisions within its body is not the body.
            let body = test.spans.iter().filter(|span| span.phase == Phase::Body);
            let within: u64 = body
                .flat_map(|body| {
                    let is_work = |phase| !matches!(phase, Phase::Body | Phase::Guard);
                    let others = test.spans.iter().filter(move |span| is_work(span.phase));
                    others.map(|span| overlap((body.from, body.to), (span.from, span.to)))
                })
                .sum();
            let (wait, provision) = (time(Phase::Wait), time(Phase::Provision));
            let release = time(Phase::Release);
            let body = time(Phase::Body).saturating_sub(within);
            all.wait += wait;
            all.provision += provision;
            all.body += body;
            all.release += release;
            all.rest += (test.end - test.begin).saturating_sub(wait + provision + body + release);
        }
        all
    }

    pub(crate) fn sum(self) -> u64 {
        let Phases {
            wait,
            provision,
            body,
            release,
            rest,
        } = self;
        wait + provision + body + release + rest
    }
}

/// How long two periods overlap.
pub(crate) fn overlap(one: (u64, u64), other: (u64, u64)) -> u64 {
    let from = one.0.max(other.0);
    one.1.min(other.1).saturating_sub(from)
}

/// How long at least one of the periods lasts.
pub(crate) fn union(mut periods: Vec<(u64, u64)>) -> u64 {
    periods.sort_unstable();
    let (mut sum, mut done) = (0, 0);
    for (from, to) in periods {
        sum += to.saturating_sub(from.max(done));
        done = done.max(to);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::{Phases, overlap, union};
    use crate::trace::timeline::{Phase, Role, Span, Test};

    #[test]
    fn periods_are_joined_and_cut() {
        assert_eq!(union(vec![]), 0);
        assert_eq!(union(vec![(5, 9), (0, 2), (1, 3), (6, 7)]), 7);
        assert_eq!(overlap((0, 5), (3, 9)), 2);
        assert_eq!(overlap((0, 5), (6, 9)), 0);
    }

    #[test]
    fn the_time_of_a_test_is_counted_once() {
        let span = |phase, from, to| Span {
            phase,
            from,
            to,
            what: String::new(),
        };
        let mut test = Test {
            begin: 0,
            end: 100,
            spans: vec![
                span(Phase::Wait, 5, 15),
                span(Phase::Body, 20, 80),
                span(Phase::Wait, 30, 40),
                span(Phase::Guard, 40, 70),
                span(Phase::Release, 80, 85),
            ],
            ..Test::default()
        };
        let phases = Phases::of(std::slice::from_ref(&test));
        let expected = Phases {
            wait: 20,
            provision: 0,
            body: 50,
            release: 5,
            rest: 25,
        };
        assert_eq!((phases, phases.sum()), (expected, 100));
        test.role = Role::Guard;
        assert_eq!(Phases::of(&[test]).sum(), 0);
    }
}
