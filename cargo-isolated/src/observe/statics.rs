//! The statics of a test program that belong to crates of the workspace.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::Path;

use anyhow::{Context, Result};
use object::{Object, ObjectSection, ObjectSymbol, SymbolKind};

use super::breakpoints::{Breakpoint, COUNT};
use super::debug_info::{self, Declaration};
use super::memory;
use super::static_types::{is_exclusive, is_set_once};
use crate::findings::Place;

/// How many levels of pointers a fingerprint follows.
const DEPTH: usize = 3;

/// The size and alignment of a pointer.
const WORD: usize = size_of::<usize>();

/// The longest pointee that a fingerprint reads, in bytes.
const LONGEST: usize = 4096;

/// The statics of a program, by their addresses in it.
#[derive(Debug, Default)]
pub(super) struct Statics {
    by_address: BTreeMap<u64, Static>,
    program: Vec<u8>,
}

/// A static that can change.
#[derive(Debug)]
pub(super) struct Static {
    pub(super) name: String,
    size: usize,
    /// Its type and its place, from the debug information.
    pub(super) declaration: Option<Declaration>,
}

/// The values of all statics at one moment.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// The difference between an address in memory and the same one in the program.
    pub(super) base: u64,
    values: BTreeMap<u64, Vec<u8>>,
}

impl Statics {
    /// Finds the mutable statics of some crates. Without debug information, their types and places are
    /// unknown.
    pub(super) fn of(program: &Path, workspace: &Path, crates: &[String]) -> Result<Statics> {
        let data =
            fs::read(program).with_context(|| format!("failed to read `{}`", program.display()))?;
        let file = object::File::parse(&*data)
            .with_context(|| format!("failed to parse `{}`", program.display()))?;
        let can_change = |symbol: &object::Symbol<'_, '_>| {
            let section = file.section_by_index(symbol.section_index()?).ok()?;
            let name = section.name().ok()?;
            (name.starts_with(".data") && name != ".data.rel.ro" || name.starts_with(".bss"))
                .then_some(())
        };
        let mut declarations = debug_info::statics(&file, workspace).unwrap_or_default();
        let mut by_address = BTreeMap::new();
        for symbol in file
            .symbols()
            .filter(|symbol| symbol.kind() == SymbolKind::Data)
        {
            let Some(name) = symbol.name().ok().and_then(|name| name_of(name, crates)) else {
                continue;
            };
            let size = usize::try_from(symbol.size()).unwrap_or(0);
            if size > 0 && can_change(&symbol).is_some() {
                let declaration = declarations.remove(&symbol.address());
                by_address.insert(
                    symbol.address(),
                    Static {
                        name,
                        size,
                        declaration,
                    },
                );
            }
        }
        // `/proc/PID/maps` has the canonical path.
        let program = program
            .canonicalize()
            .with_context(|| format!("failed to find `{}`", program.display()))?;
        let program = program.into_os_string().into_encoded_bytes();
        Ok(Statics {
            by_address,
            program,
        })
    }

    pub(super) fn get(&self, address: u64) -> Option<&Static> {
        self.by_address.get(&address)
    }

    /// The place where a static is declared.
    pub(super) fn place(&self, name: &str) -> Option<&Place> {
        let of = self.by_address.values().find(|of| of.name == name)?;
        of.declaration.as_ref()?.place.as_ref()
    }

    /// Breakpoints that notice any use of a static, in groups that fit into a processor. Locks around
    /// nothing, such as `Mutex<()>`, get none.
    pub(super) fn uses(&self) -> Vec<Vec<Breakpoint>> {
        let statics = self.by_address.iter();
        let all = statics.filter(|(_, of)| !of.is_exclusive());
        let all: Vec<_> = all
            .filter_map(|(address, of)| of.use_at(*address))
            .collect();
        all.chunks(COUNT).map(<[_]>::to_vec).collect()
    }

    /// Breakpoints that notice a change of a static's value. They cover only the ends of a long one.
    pub(super) fn changes(&self, address: u64) -> Vec<Breakpoint> {
        let Some(of) = self.by_address.get(&address) else {
            return Vec::new();
        };
        let mut all = cover(
            address,
            address + of.value_offset(),
            address + of.size as u64,
        );
        if all.len() > COUNT {
            all.drain(COUNT / 2..all.len() - COUNT / 2);
        }
        all
    }

    /// The bytes of the locks around nothing, by their addresses in the program.
    pub(super) fn locks(&self, process: i32, base: u64) -> Vec<(u64, Vec<u8>)> {
        let locks = self.by_address.iter().filter(|(_, of)| of.is_exclusive());
        let bytes = |(address, of): (&u64, &Static)| {
            let bytes = memory::bytes(process, base + address, of.size)?;
            Some((*address, bytes))
        };
        locks.filter_map(bytes).collect()
    }

    pub(super) fn snapshot(&self, process: i32) -> Snapshot {
        let base = self.base(process).unwrap_or(0);
        let value = |(address, symbol): (&u64, &Static)| {
            let value = memory::bytes(process, base + address, symbol.size)?;
            Some((*address, value))
        };
        let values = self.by_address.iter().filter_map(value).collect();
        Snapshot { base, values }
    }

    /// The statics that have changed, with fingerprints of their values.
    pub(super) fn changed(process: i32, before: &Snapshot) -> BTreeMap<u64, u64> {
        let changed = before.values.iter().filter_map(|(address, before_value)| {
            let value = memory::bytes(process, before.base + address, before_value.len())?;
            let fingerprint = || {
                let mut hasher = DefaultHasher::new();
                add_fingerprint(process, &value, DEPTH, &mut hasher);
                (*address, hasher.finish())
            };
            (value != *before_value).then(fingerprint)
        });
        changed.collect()
    }

    /// The address of the program in the memory of a process.
    pub(super) fn base(&self, process: i32) -> Option<u64> {
        let maps = fs::read(format!("/proc/{process}/maps")).ok()?;
        let mut lines = maps.split(|byte| *byte == b'\n');
        let line = lines.find(|line| line.ends_with(&self.program))?;
        let line = std::str::from_utf8(line.split(|byte| *byte == b'-').next()?).ok()?;
        u64::from_str_radix(line, 16).ok()
    }
}

impl Static {
    pub(super) fn type_name(&self) -> Option<&str> {
        Some(&self.declaration.as_ref()?.type_name)
    }

    fn is_exclusive(&self) -> bool {
        self.type_name().is_some_and(is_exclusive)
    }

    /// The word that every use reads or writes: the only one, the state of a lock, or the state of a value
    /// that is computed once.
    fn use_at(&self, address: u64) -> Option<Breakpoint> {
        let words = cover(address, address, address + self.size as u64);
        let is_lazy = self.type_name().is_some_and(is_set_once);
        let word = if is_lazy { words.last() } else { words.first() };
        let word = *word?;
        Some(Breakpoint {
            reads: true,
            ..word
        })
    }

    /// The offset of the value, which follows the state of a lock.
    fn value_offset(&self) -> u64 {
        match self.type_name() {
            // A futex, and whether it is poisoned.
            Some(name) if name.starts_with("Mutex<") => 5,
            // Two futexes, and whether it is poisoned.
            Some(name) if name.starts_with("RwLock<") => 9,
            _ => 0,
        }
    }
}

/// Breakpoints for all bytes of a static between two addresses.
fn cover(of: u64, mut at: u64, end: u64) -> Vec<Breakpoint> {
    let mut all = Vec::new();
    while at < end {
        let fits = |length: &u64| at % length == 0 && at + length <= end;
        let length = [8, 4, 2].into_iter().find(fits).unwrap_or(1);
        let reads = false;
        all.push(Breakpoint {
            of,
            at,
            length,
            reads,
        });
        at += length;
    }
    all
}

/// Hashes a value, with the pointees in place of its pointers.
fn add_fingerprint(process: i32, value: &[u8], depth: usize, hasher: &mut DefaultHasher) {
    let words = || {
        value
            .chunks_exact(WORD)
            .map(|word| usize::from_ne_bytes(word.try_into().expect("a word")))
    };
    // The smallest number is probably the length of a pointee.
    let length = words().filter(|word| (1..=LONGEST).contains(word)).min();
    for word in words() {
        let pointee = length
            .filter(|_| depth > 0 && word > LONGEST)
            .and_then(|length| memory::bytes(process, word as u64, length));
        match pointee {
            Some(pointee) => add_fingerprint(process, &pointee, depth - 1, hasher),
            None if word <= LONGEST => hasher.write_usize(word),
            None => hasher.write_u8(0),
        }
    }
    hasher.write(value.chunks_exact(WORD).remainder());
}

/// The path of a symbol, if it is a static of one of the crates.
fn name_of(symbol: &str, crates: &[String]) -> Option<String> {
    let name = format!("{:#}", rustc_demangle::try_demangle(symbol).ok()?);
    // `lazy_static!` has its static in an implementation: `<shop::CONFIG as core::ops::deref::Deref>::…`.
    let name = match name.strip_prefix('<') {
        Some(rest) => rest.split(" as ").next()?.to_owned(),
        None => name,
    };
    let (first, rest) = name.split_once("::")?;
    let last = rest.rsplit("::").next()?;
    // Macros mark what they generate with underscores.
    (crates.iter().any(|name| name == first) && !last.starts_with("__")).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn statics_of_the_crates_have_names() {
        let name = |symbol| name_of(symbol, &["shop".to_owned()]);
        assert_eq!(
            name("_ZN4shop5audit7COUNTER17h0123456789abcdefE").as_deref(),
            Some("shop::audit::COUNTER")
        );
        let lazy = "_ZN56_$LT$shop..CONFIG$u20$as$u20$core..ops..deref..Deref$GT$5deref11__stability4LAZY17h0123456789abcdefE";
        assert_eq!(name(lazy).as_deref(), Some("shop::CONFIG"));
        assert_eq!(name("_ZN5other7COUNTER17h0123456789abcdefE"), None);
        assert_eq!(name("_ZN4shop10__CALLSITE17h0123456789abcdefE"), None);
        assert_eq!(name("main"), None);
    }
}
