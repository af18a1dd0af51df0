//! Assigns tests to lanes in which no two tests overlap.
//!
//! A test runner starts a thread for each test, so a lane per thread would be a lane per test.
//! Instead, a lane is like a worker of the runner, which continues with the next test. A thread
//! that runs several tests stays in its lane.

use std::collections::BTreeMap;

use crate::trace::short;
use crate::trace::timeline::{Group, Role, Test, Timeline};

/// Assigns every test a group and a lane.
pub(crate) fn assign(timeline: &mut Timeline) {
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    for test in &timeline.tests {
        *sizes.entry(test.file).or_default() += 1;
    }
    // Group by program and process. Processes with a single test each, as under nextest, share a
    // group, as the hosts of one resource do.
    let mut groups: BTreeMap<(String, Option<usize>), Vec<usize>> = BTreeMap::new();
    for (index, test) in timeline.tests.iter().enumerate() {
        let own = Some(test.file).filter(|file| sizes.get(file).is_some_and(|size| *size > 1));
        let of = match test.role {
            Role::Host => (test.name.clone(), None),
            Role::Test | Role::Guard => (test.program.clone(), own),
        };
        groups.entry(of).or_default().push(index);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, tests)| tests.first().copied());
    for (group, ((of, _), indices)) in groups.into_iter().enumerate() {
        let mut lanes = Vec::new();
        for index in &indices {
            let test = &mut timeline.tests[*index];
            test.group = group;
            test.lane = lane(&mut lanes, test);
        }
        let first = &timeline.tests[indices[0]];
        let processes = indices.iter().map(|index| timeline.tests[*index].file);
        let name = match first.role {
            Role::Host => &of,
            Role::Test | Role::Guard => short(&of),
        };
        let name = match processes.filter(|file| *file != first.file).count() {
            0 => format!("{name} (pid {})", first.pid),
            others => format!("{name} ({} processes)", others + 1),
        };
        timeline.groups.push(Group {
            name,
            pid: first.pid,
            lanes: lanes.len(),
        });
    }
}

/// The end and the thread of the last test in a lane.
struct Lane {
    end: u64,
    file: usize,
    thread: u64,
}

/// Finds the lane of a test: that of its thread, or else the lane that became free last.
fn lane(lanes: &mut Vec<Lane>, test: &Test) -> usize {
    let free = lanes
        .iter()
        .enumerate()
        .filter(|(_, lane)| lane.end <= test.begin);
    let best = free.max_by_key(|(index, lane)| {
        let is_own = (lane.file, lane.thread) == (test.file, test.number);
        (is_own, lane.end, std::cmp::Reverse(*index))
    });
    let at = best.map_or(lanes.len(), |(at, _)| at);
    let lane = Lane {
        end: test.end,
        file: test.file,
        thread: test.number,
    };
    if at == lanes.len() {
        lanes.push(lane);
    } else {
        lanes[at] = lane;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::lane;
    use crate::trace::timeline::Test;

    fn lanes_of(tests: &[(u64, u64, u64)]) -> Vec<usize> {
        let mut lanes = Vec::new();
        tests
            .iter()
            .map(|(begin, end, number)| {
                let test = Test {
                    begin: *begin,
                    end: *end,
                    number: *number,
                    ..Test::default()
                };
                lane(&mut lanes, &test)
            })
            .collect()
    }

    #[test]
    fn a_lane_goes_on_with_the_next_test() {
        assert_eq!(
            lanes_of(&[(0, 10, 2), (5, 20, 3), (11, 12, 4), (21, 22, 5)]),
            [0, 1, 0, 1]
        );
    }

    #[test]
    fn a_thread_keeps_to_its_lane_and_what_it_calls_lies_below() {
        assert_eq!(lanes_of(&[(0, 10, 1), (0, 20, 2), (30, 40, 1)]), [0, 1, 0]);
        assert_eq!(lanes_of(&[(0, 10, 1), (2, 8, 1)]), [0, 1]);
    }
}
