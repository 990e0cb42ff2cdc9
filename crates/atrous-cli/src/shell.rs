//! `completions` and `man`: what shells and `man` want to know of the command line.

use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::args::{Cli, CompletionsArgs, ManArgs};
use crate::failure::Failure;
use crate::output;
use crate::source::plain;

/// Writes the completions for a shell to standard output.
pub fn completions(args: &CompletionsArgs) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "atrous", &mut bytes);
    output::write(Path::new("-"), bytes)
}

/// Writes the page of the whole command, or the pages of all commands into a directory.
pub fn man(args: &ManArgs) -> Result<(), Failure> {
    let pages = pages()?;
    let Some(directory) = &args.output else {
        let first = pages.into_iter().next().map(|(_, page)| page).unwrap_or_default();
        return output::write(Path::new("-"), first);
    };
    let prepared: Result<Vec<_>, _> =
        pages.into_iter().map(|(name, page)| output::prepare(&directory.join(format!("{name}.1")), page)).collect();
    output::finish(prepared?)
}

/// Each command's page, by its name; that of `atrous` comes first.
fn pages() -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let mut command = Cli::command().disable_help_subcommand(true);
    // Gives subcommands their whole names, such as `atrous-run`.
    command.build();
    let all = [&command].into_iter().chain(command.get_subcommands());
    all.map(|command| {
        let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_string();
        Ok((name.clone(), page(command, name)?))
    })
    .collect()
}

fn page(command: &Command, name: String) -> Result<Vec<u8>, Failure> {
    let mut page = Vec::new();
    let rendered = Man::new(command.clone()).title(name).render(&mut page);
    rendered.map_err(|error| Failure::error(format!("cannot write a manual page: {}", plain(&error))))?;
    Ok(page)
}
