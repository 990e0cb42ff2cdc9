//! `fmt`: specs in canonical form.

use std::fs;
use std::path::Path;

use atrous_compiler::fmt;
use serde_json::json;
use similar::TextDiff;

use crate::args::FmtArgs;
use crate::failure::{Failure, count};
use crate::output;
use crate::report::Report;
use crate::source::{self, Source};

/// What is to be done about a file.
enum Verdict {
    /// It is as it should be.
    Canonical,
    /// It should have this text.
    Other(String),
    /// Its errors are told.
    Broken,
}

/// Formats all files, whatever is in the earlier ones.
pub fn run(args: &FmtArgs, report: &mut Report) -> Result<(), Failure> {
    source::check_stdin(&args.files)?;
    let mut differing = 0;
    for file in &args.files {
        let done = format(file, args.check, report);
        match done {
            Ok(differs) => differing += usize::from(differs),
            Err(failure) => failure.messages.iter().for_each(|message| report.message(message)),
        }
    }
    match (report.errors(), args.check, differing) {
        (0, false, _) | (0, true, 0) => Ok(()),
        (0, true, _) => {
            let verb = if differing == 1 { "is" } else { "are" };
            let text = format!("{} {verb} not in canonical form", count(differing, "file"));
            Err(Failure::error(text).help("`atrous fmt` rewrites them"))
        }
        _ => Err(Failure::reported()),
    }
}

/// Formats one file; whether it was not in canonical form.
fn format(file: &Path, check: bool, report: &mut Report) -> Result<bool, Failure> {
    if !check && file != Path::new("-") {
        check_rewritable(file)?;
    }
    let source = Source::read(file)?;
    let text = match verdict(&source, report) {
        Verdict::Broken => return Ok(false),
        Verdict::Canonical if file != Path::new("-") || check => return Ok(false),
        Verdict::Canonical => return output::write(file, source.bytes).map(|()| false),
        Verdict::Other(text) => text,
    };
    if check {
        output::write(Path::new("-"), diff(&source, &text).into_bytes())?;
        let line = json!({ "type": "format", "file": source.name, "written": false });
        report.status(&format!("{} is not in canonical form", source.name), line);
    } else {
        output::write(file, text.into_bytes())?;
        if file != Path::new("-") {
            let line = json!({ "type": "format", "file": source.name, "written": true });
            report.status(&format!("{}: formatted", source.name), line);
        }
    }
    Ok(true)
}

/// Refuses pipes and devices: what is read from one is not replaced by what is written to it.
fn check_rewritable(file: &Path) -> Result<(), Failure> {
    match fs::metadata(file) {
        Ok(there) if !there.is_file() && !there.is_dir() => {
            let failure = Failure::error("cannot rewrite the file: it is a pipe or a device");
            let help = "`-` reads standard input and writes standard output";
            Err(failure.file(file.display().to_string()).help(help))
        }
        _ => Ok(()),
    }
}

fn verdict(source: &Source, report: &mut Report) -> Verdict {
    match fmt::bytes(&source.bytes) {
        Ok(text) if text.as_bytes() == source.bytes => Verdict::Canonical,
        Ok(text) => Verdict::Other(text),
        Err(diagnostics) => {
            report.diagnostics(source, &diagnostics);
            Verdict::Broken
        }
    }
}

/// What would change, as `diff -u` shows it.
fn diff(source: &Source, text: &str) -> String {
    let old = String::from_utf8_lossy(&source.bytes);
    let diff = TextDiff::from_lines(old.as_ref(), text);
    diff.unified_diff().header(&source.name, &format!("{} (canonical)", source.name)).to_string()
}
