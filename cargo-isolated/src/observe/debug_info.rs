//! The types of statics, and the places where they are declared, from the debug information of a program.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use anyhow::Result;
use gimli::{
    AttributeValue, DebuggingInformationEntry, Dwarf, EndianSlice, Operation, RunTimeEndian, Unit,
    UnitOffset,
};
use object::{Object, ObjectSection};

use crate::findings::Place;

/// A static.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Declaration {
    /// The name, with the paths of its generic arguments: `LazyLock<regex::Regex>`.
    pub(super) type_name: String,
    pub(super) place: Option<Place>,
}

type Slice<'a> = EndianSlice<'a, RunTimeEndian>;

/// Returns the statics of a program by their addresses, from the units that were compiled in the workspace.
pub(super) fn statics(
    file: &object::File<'_>,
    workspace: &Path,
) -> Result<BTreeMap<u64, Declaration>> {
    let endian = if file.is_little_endian() {
        RunTimeEndian::Little
    } else {
        RunTimeEndian::Big
    };
    let load = |section: gimli::SectionId| -> Result<Cow<'_, [u8]>> {
        match file.section_by_name(section.name()) {
            Some(section) => Ok(section.uncompressed_data()?),
            None => Ok(Cow::Borrowed(&[])),
        }
    };
    let sections = gimli::DwarfSections::load(load)?;
    let dwarf = sections.borrow(|section| EndianSlice::new(section, endian));
    let mut statics = BTreeMap::new();
    let mut units = dwarf.units();
    while let Some(header) = units.next()? {
        let unit = dwarf.unit(header)?;
        let dir = unit.comp_dir.map(|dir| dir.to_string_lossy().into_owned());
        let dir = dir
            .map(PathBuf::from)
            .filter(|dir| dir.starts_with(workspace));
        if let Some(dir) = dir {
            let unit = In {
                dwarf: &dwarf,
                unit: &unit,
                dir: &dir,
                workspace,
            };
            unit.add(&mut statics)?;
        }
    }
    Ok(statics)
}

/// A unit that was compiled in a directory.
struct In<'a, 'data> {
    dwarf: &'a Dwarf<Slice<'data>>,
    unit: &'a Unit<Slice<'data>>,
    dir: &'a Path,
    workspace: &'a Path,
}

impl In<'_, '_> {
    fn add(&self, statics: &mut BTreeMap<u64, Declaration>) -> Result<()> {
        let mut entries = self.unit.entries();
        while let Some((_, entry)) = entries.next_dfs()? {
            if entry.tag() != gimli::DW_TAG_variable {
                continue;
            }
            let of = entry.attr_value(gimli::DW_AT_type)?;
            if let (Some(address), Some(AttributeValue::UnitRef(of))) = (self.address(entry)?, of) {
                let type_name = self.name(of)?;
                let place = self.place(entry)?;
                statics.insert(address, Declaration { type_name, place });
            }
        }
        Ok(())
    }

    /// The address of a variable, if it is fixed.
    fn address(&self, entry: &DebuggingInformationEntry<'_, '_, Slice<'_>>) -> Result<Option<u64>> {
        let Some(AttributeValue::Exprloc(location)) = entry.attr_value(gimli::DW_AT_location)?
        else {
            return Ok(None);
        };
        match location.operations(self.unit.encoding()).next()? {
            Some(Operation::Address { address }) => Ok(Some(address)),
            Some(Operation::AddressIndex { index }) => {
                Ok(Some(self.dwarf.address(self.unit, index)?))
            }
            _ => Ok(None),
        }
    }

    /// The name of a type, with the paths of its modules.
    fn name(&self, of: UnitOffset) -> Result<String> {
        let entry = self.unit.entry(of)?;
        let Some(name) = entry.attr_value(gimli::DW_AT_name)? else {
            return Ok(String::new());
        };
        let name = self.dwarf.attr_string(self.unit, name)?;
        Ok(name.to_string_lossy().into_owned())
    }

    fn place(&self, entry: &DebuggingInformationEntry<'_, '_, Slice<'_>>) -> Result<Option<Place>> {
        let Some(AttributeValue::FileIndex(file)) = entry.attr_value(gimli::DW_AT_decl_file)?
        else {
            return Ok(None);
        };
        let line = entry
            .attr_value(gimli::DW_AT_decl_line)?
            .and_then(|line| line.udata_value());
        let Some((program, line)) = self.unit.line_program.as_ref().zip(line) else {
            return Ok(None);
        };
        let header = program.header();
        let Some(file) = header.file(file) else {
            return Ok(None);
        };
        let mut path = self.dir.to_owned();
        if let Some(dir) = file.directory(header) {
            path.push(&*self.dwarf.attr_string(self.unit, dir)?.to_string_lossy());
        }
        path.push(
            &*self
                .dwarf
                .attr_string(self.unit, file.path_name())?
                .to_string_lossy(),
        );
        let path = without_steps_up(&path);
        let file = path
            .strip_prefix(self.workspace)
            .unwrap_or(&path)
            .to_owned();
        let line = usize::try_from(line)?;
        Ok(Some(Place { file, line }))
    }
}

/// A path without `..`, which the compiler leaves in the path of a module with `#[path]`.
fn without_steps_up(path: &Path) -> PathBuf {
    let mut result = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                result.pop();
            }
            component => result.push(component),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::without_steps_up;

    #[test]
    fn a_module_beside_the_directory_of_its_parent_has_a_plain_path() {
        let path = Path::new("/w/tests/today/../shop/./mod.rs");
        assert_eq!(without_steps_up(path), Path::new("/w/tests/shop/mod.rs"));
    }
}
