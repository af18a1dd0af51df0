//! The rules for the keys of locks.

use crate::args::Key;
use crate::errors::Errors;
use crate::model::{Lock, Mode, Wanted};

pub(super) fn keys_are_readable(wanted: &Wanted, errors: &mut Errors) {
    const LONGEST: usize = 80;
    for lock in wanted.locks_and_pools() {
        let Some(Key::Text(text)) = &lock.key else {
            continue;
        };
        let value = text.value();
        if value.is_empty() {
            let argument = &lock.argument;
            let usage = match lock.mode {
                Mode::Pool(_) => format!("{argument} = pool(\"...\", [...])"),
                Mode::Limit(_) => format!("{argument}(\"...\", 4)"),
                Mode::Exclusive | Mode::Shared => format!("{argument} = \"...\""),
            };
            errors.at(text, format!("expected a key that is not empty: `{usage}`"));
        } else if value.len() > LONGEST {
            let found = value.len();
            errors.at(
                text,
                format!("expected a key of at most {LONGEST} bytes, found {found}; shorten it"),
            );
        } else if value.contains(char::is_control) {
            errors.at(
                text,
                "expected a key without control characters, because it is printed; remove them",
            );
        }
    }
}

pub(super) fn each_key_is_locked_once(wanted: &Wanted, errors: &mut Errors) {
    let mut seen: Vec<&Lock> = Vec::new();
    let is_empty =
        |lock: &&Lock| matches!(&lock.key, Some(Key::Text(text)) if text.value().is_empty());
    for lock in wanted.locks_and_pools().filter(|lock| !is_empty(lock)) {
        let same = |first: &&&Lock| first.text == lock.text;
        let Some(first) = seen.iter().find(same) else {
            seen.push(lock);
            continue;
        };
        let name = lock.argument.to_string();
        let key = lock.text.as_ref().unwrap_or(&name);
        let is_pool = |lock: &Lock| matches!(lock.mode, Mode::Pool(_));
        if is_pool(first) && is_pool(lock) {
            let message = format!(
                "duplicate key `{key}`, because a test has one item of a pool; give the second pool another key"
            );
            errors.at(lock.place(), message);
        } else if is_pool(first) || is_pool(lock) {
            let (first, second) = (shown(first), shown(lock));
            let message = format!(
                "cannot have both `{first}` and `{second}`, because a pool locks its key already; remove the other one"
            );
            errors.at(lock.place(), message);
        } else if first.argument == lock.argument {
            errors.at(lock.place(), format!("duplicate key `{key}`; remove one"));
        } else {
            let (first, second) = (shown(first), shown(lock));
            errors.at(
                lock.place(),
                format!("cannot have both `{first}` and `{second}`; keep the stronger one"),
            );
        }
    }
}

/// The lock as the user wrote it.
fn shown(lock: &Lock) -> String {
    let Lock {
        argument,
        mode,
        text,
        ..
    } = lock;
    match (text, mode) {
        (Some(key), Mode::Limit(number)) => format!("{argument}({key}, {number})"),
        (Some(key), Mode::Pool(_)) => format!("{argument} = pool({key}, ...)"),
        (Some(key), _) => format!("{argument} = {key}"),
        (None, _) => argument.to_string(),
    }
}
