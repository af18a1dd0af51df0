//! Delta debugging: reduces a list to a minimal part that still fails (`ddmin` by Zeller and
//! Hildebrandt).

/// Finds a part of a list that fails, and that passes if any single item is removed.
///
/// The whole list must fail.
pub(super) fn minimize<T: Clone, E>(
    all: &[T],
    mut fails: impl FnMut(&[T]) -> Result<bool, E>,
) -> Result<Vec<T>, E> {
    let (mut set, mut parts) = (all.to_vec(), 2);
    while set.len() > 1 {
        parts = parts.min(set.len());
        let bounds: Vec<_> = (0..=parts).map(|part| part * set.len() / parts).collect();
        let ranges = || bounds.windows(2).map(|pair| pair[0]..pair[1]);
        let mut smaller = None;
        for range in ranges() {
            if fails(&set[range.clone()])? {
                smaller = Some((set[range].to_vec(), 2));
                break;
            }
        }
        // With two parts, the complement of one is the other.
        if smaller.is_none() && parts > 2 {
            for range in ranges() {
                let rest = [&set[..range.start], &set[range.end..]].concat();
                if fails(&rest)? {
                    smaller = Some((rest, parts - 1));
                    break;
                }
            }
        }
        match smaller {
            Some(smaller) => (set, parts) = smaller,
            None if parts == set.len() => break,
            None => parts *= 2,
        }
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::minimize;

    /// Minimizes the numbers below `count`, of which all `culprits` together fail. Returns the result
    /// and the number of probes.
    fn minimum(count: u32, culprits: &[u32]) -> (Vec<u32>, usize) {
        let all: Vec<_> = (0..count).collect();
        let mut probes = 0;
        let set = minimize(&all, |set| {
            probes += 1;
            Ok::<_, Infallible>(culprits.iter().all(|culprit| set.contains(culprit)))
        });
        match set {
            Ok(set) => (set, probes),
        }
    }

    #[test]
    fn each_single_culprit_is_found_with_few_probes() {
        for culprit in 0..100 {
            let (set, probes) = minimum(100, &[culprit]);
            assert_eq!(set, [culprit]);
            assert!(probes <= 14, "{probes} probes for {culprit}");
        }
    }

    #[test]
    fn culprits_that_are_needed_together_are_found() {
        for (one, other) in [(0, 1), (0, 99), (49, 50), (17, 81)] {
            assert_eq!(minimum(100, &[one, other]).0, [one, other]);
        }
        assert_eq!(minimum(9, &[0, 4, 8]).0, [0, 4, 8]);
    }

    #[test]
    fn all_may_be_needed() {
        assert_eq!(minimum(5, &[0, 1, 2, 3, 4]).0, [0, 1, 2, 3, 4]);
        assert_eq!(minimum(1, &[0]).0, [0]);
    }

    #[test]
    fn either_of_two_is_enough() {
        let all: Vec<_> = (0..10).collect();
        let fails = |set: &[i32]| Ok::<_, Infallible>(set.contains(&3) || set.contains(&8));
        let Ok(set) = minimize(&all, fails);
        assert_eq!(set, [3]);
    }

    #[test]
    fn a_failed_probe_ends_it() {
        let mut probes = 0;
        let result = minimize(&[1, 2, 3], |_| {
            probes += 1;
            Err::<bool, _>("interrupted")
        });
        assert_eq!((result, probes), (Err("interrupted"), 1));
    }
}
