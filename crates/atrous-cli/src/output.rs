//! Writing results: whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use crate::failure::{Failure, Status};
use crate::source::plain;

/// Writes to a file, or to standard output for `-`.
///
/// A file is written under another name in the same directory and then renamed, so that no reader ever sees half of it
/// and an error leaves what was there. Devices and pipes are written directly.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if path == Path::new("-") {
        return write_stdout(bytes);
    }
    let failed = |error: io::Error| {
        Failure::error(format!("cannot write the file: {}", plain(&error))).file(path.display().to_string())
    };
    match fs::metadata(path) {
        Ok(there) if there.is_dir() => Err(failed(io::ErrorKind::IsADirectory.into())),
        Ok(there) if !there.is_file() => fs::write(path, bytes).map_err(failed),
        // A link stays one: the file that it leads to is replaced.
        Ok(_) => replace(&fs::canonicalize(path).map_err(failed)?, bytes).map_err(failed),
        Err(_) => replace(path, bytes).map_err(failed),
    }
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".atrous-");
    if let Some(permissions) = permissions_of_new_files() {
        builder.permissions(permissions);
    }
    let mut file = builder.tempfile_in(directory)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// What a file gets that is created in the ordinary way, before the process's mask; temporary files are private.
#[cfg(unix)]
fn permissions_of_new_files() -> Option<fs::Permissions> {
    Some(std::os::unix::fs::PermissionsExt::from_mode(0o666))
}

#[cfg(not(unix))]
fn permissions_of_new_files() -> Option<fs::Permissions> {
    None
}

fn write_stdout(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure { status: Status::Unread, messages: Vec::new() },
        _ => Failure::error(format!("cannot write to standard output: {}", plain(&error))),
    })
}
