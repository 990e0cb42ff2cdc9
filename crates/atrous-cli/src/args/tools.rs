//! Arguments of the commands that compute nothing.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

const FMT_EXAMPLES: &str = "\
Examples:
  atrous fmt specs/*.conv
  atrous fmt --check specs/*.conv
  atrous fmt - < a.conv

Comments, the order of fields and the spelling of numbers stay as they are. Layers on one line
stay there, up to 120 characters. A file with errors of syntax is left alone.";

/// Arguments of `fmt`.
#[derive(Debug, Args)]
#[command(after_help = FMT_EXAMPLES)]
pub struct FmtArgs {
    /// Specs to put into canonical form; `-` is standard input, and gives its form on standard output
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Change nothing, but show what would change, and fail when there is something
    #[arg(long)]
    pub check: bool,
}

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  atrous completions bash > ~/.local/share/bash-completion/completions/atrous
  atrous completions zsh > ~/.zfunc/_atrous
  atrous completions fish > ~/.config/fish/completions/atrous.fish";

/// Arguments of `completions`.
#[derive(Debug, Args)]
#[command(after_help = COMPLETIONS_EXAMPLES)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: Shell,
}

const MAN_EXAMPLES: &str = "\
Examples:
  atrous man -o ~/.local/share/man/man1 && man atrous-run
  atrous man | man -l -";

/// Arguments of `man`.
#[derive(Debug, Args)]
#[command(after_help = MAN_EXAMPLES)]
pub struct ManArgs {
    /// The directory for the pages, one for each command; by default the first page goes to standard output
    #[arg(short, long, value_name = "DIRECTORY")]
    pub output: Option<PathBuf>,
}
