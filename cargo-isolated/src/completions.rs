//! `cargo isolated completions`: completion scripts for shells.

use anyhow::Result;
use clap::Command;
use clap_complete::{Shell, generate};

use crate::terminal;

/// The name of the program, which shells complete.
const PROGRAM: &str = "cargo-isolated";

/// The same in bash, where `clap_complete` 4.6 does not find the subcommands of a name with a hyphen.
const IN_BASH: &str = "cargo_isolated";

/// Completes both ways to call the command in bash, and everything else as before.
const BASH: &str = r#"
complete -F _cargo_isolated -o bashdefault -o default cargo-isolated

_cargo_isolated_below_cargo() {
    if [[ ${COMP_WORDS[1]-} == isolated && $COMP_CWORD -gt 1 ]]; then
        COMP_WORDS=("${COMP_WORDS[@]:1}")
        COMP_CWORD=$((COMP_CWORD - 1))
        _cargo_isolated isolated "$2" "$3"
    elif [[ -n ${_cargo_isolated_before-} ]]; then
        "$_cargo_isolated_before" "$@"
    fi
}
if [[ $(complete -p cargo 2>/dev/null) =~ -F\ ([^ ]+) && ${BASH_REMATCH[1]} != _cargo_isolated_below_cargo ]]; then
    _cargo_isolated_before=${BASH_REMATCH[1]}
fi
complete -F _cargo_isolated_below_cargo -o bashdefault -o default cargo
"#;

/// Completes `cargo isolated` in fish.
const FISH: &str = r#"
complete -c cargo -n "__fish_use_subcommand" -a isolated -d "Run tests apart, and see what they share"
complete -c cargo -n "__fish_seen_subcommand_from isolated" -x -a "(complete -C (string replace -r '^.*?\bisolated\b' 'cargo-isolated' -- (commandline -cp)))"
"#;

/// Prints a completion script for a shell.
///
/// In bash, zsh and fish, the script also completes `cargo isolated`. In elvish and PowerShell, it
/// completes `cargo-isolated`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cargo isolated completions bash >>~/.bash_completion
  cargo isolated completions zsh >~/.zfunc/_cargo-isolated
  cargo isolated completions fish >~/.config/fish/conf.d/cargo-isolated.fish

In bash, load the script after Cargo's completions.

Exit status:
  0  the script was printed
  2  standard output could not be written")]
pub(crate) struct Arguments {
    /// The shell.
    shell: Shell,
}

pub(crate) fn print(arguments: &Arguments, command: Command) -> Result<()> {
    let mut script = Vec::new();
    let name = match arguments.shell {
        Shell::Bash => IN_BASH,
        _ => PROGRAM,
    };
    let mut command = command.name(name).bin_name(name);
    generate(arguments.shell, &mut command, name, &mut script);
    let below_cargo = match arguments.shell {
        Shell::Bash => BASH,
        Shell::Fish => FISH,
        _ => "",
    };
    script.extend(below_cargo.as_bytes());
    terminal::print(script)
}
