//! Writing results: whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::failure::{Failure, Status};
use crate::source::plain;

/// Writes to a file, or to standard output for `-`.
///
/// A file is written under another name in the same directory and then renamed, so that no reader ever sees half of it
/// and an error leaves what was there. It keeps the permissions of the file that it replaces. Devices and pipes are
/// written directly.
pub fn write(path: &Path, bytes: Vec<u8>) -> Result<(), Failure> {
    prepare(path, bytes)?.finish()
}

/// A result that only has to be put in its place.
pub struct Prepared {
    path: PathBuf,
    content: Content,
}

enum Content {
    /// A whole file under another name, and the file that it replaces.
    Beside(NamedTempFile, PathBuf),
    /// What a device, a pipe or standard output gets.
    Direct(Vec<u8>),
}

/// Does everything that may fail, as far as it leaves what was there.
pub fn prepare(path: &Path, bytes: Vec<u8>) -> Result<Prepared, Failure> {
    let failed = |error: io::Error| cannot_write(path, &error);
    let content = match fs::metadata(path) {
        _ if path == Path::new("-") => Content::Direct(bytes),
        Ok(there) if there.is_dir() => return Err(failed(io::ErrorKind::IsADirectory.into())),
        Ok(there) if !there.is_file() => Content::Direct(bytes),
        // A link stays one: the file that it leads to is replaced.
        Ok(there) => {
            let path = fs::canonicalize(path).map_err(failed)?;
            beside(&path, &bytes, Some(there.permissions())).map_err(failed)?
        }
        Err(_) => beside(path, &bytes, None).map_err(failed)?,
    };
    Ok(Prepared { path: path.to_path_buf(), content })
}

/// Puts results in their places, those of devices and pipes first: they may fail, and then no file has changed. A file only
/// has to be renamed; a file system that refuses that all the same leaves the files before it in their places.
pub fn finish(prepared: Vec<Prepared>) -> Result<(), Failure> {
    let is_file = |prepared: &Prepared| matches!(prepared.content, Content::Beside(..));
    let (files, others): (Vec<_>, Vec<_>) = prepared.into_iter().partition(is_file);
    others.into_iter().chain(files).try_for_each(Prepared::finish)
}

impl Prepared {
    /// Puts the result in its place.
    fn finish(self) -> Result<(), Failure> {
        let Prepared { path, content } = self;
        match content {
            Content::Beside(file, to) => file.persist(to).map(drop).map_err(|error| cannot_write(&path, &error.error)),
            Content::Direct(bytes) if path == Path::new("-") => write_stdout(&bytes),
            Content::Direct(bytes) => {
                let mut file = fs::File::options().write(true).open(&path);
                let written = file.as_mut().map_err(|error| io::Error::from(error.kind()));
                written.and_then(|file| file.write_all(&bytes)).map_err(|error| cannot_write(&path, &error))
            }
        }
    }
}

fn beside(path: &Path, bytes: &[u8], permissions: Option<fs::Permissions>) -> io::Result<Content> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".atrous-");
    if let Some(permissions) = permissions_of_new_files() {
        builder.permissions(permissions);
    }
    let mut file = builder.tempfile_in(directory_of(path))?;
    file.write_all(bytes)?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    file.as_file().sync_all()?;
    Ok(Content::Beside(file, path.to_path_buf()))
}

/// Refuses outputs that cannot be written because of where they are, or that replace a file which the command reads, as
/// [`check_read`] does.
///
/// It is better known before hours of work than after them.
pub fn check(path: &Path, read: &[(&'static str, &Path)]) -> Result<(), Failure> {
    if path == Path::new("-") {
        return Ok(());
    }
    if path.is_dir() {
        return Err(cannot_write(path, &io::ErrorKind::IsADirectory.into()));
    }
    fs::metadata(directory_of(path).join(".")).map_err(|error| cannot_write(path, &error))?;
    check_read(path, read)
}

/// Refuses outputs that replace a file which the command reads. `read` says what each of these files is.
pub fn check_read(path: &Path, read: &[(&'static str, &Path)]) -> Result<(), Failure> {
    let Ok(there) = fs::canonicalize(path) else { return Ok(()) };
    let is_it =
        |(_, other): &&(&str, &Path)| there.is_file() && fs::canonicalize(other).is_ok_and(|other| other == there);
    match read.iter().find(is_it) {
        None => Ok(()),
        Some((what, _)) => {
            let text = format!("the output would replace {what}");
            Err(Failure::usage(text).file(path.display().to_string()).help("give the output another name"))
        }
    }
}

/// Whether a name is a directory's: it is one, or it ends like one.
pub fn is_directory(path: &Path) -> bool {
    path.is_dir() || path.to_string_lossy().ends_with(std::path::is_separator)
}

/// Refuses a directory that cannot be made because a file is in its way.
pub fn check_directory(directory: &Path) -> Result<(), Failure> {
    match directory.ancestors().find(|ancestor| ancestor.exists()) {
        Some(there) if !there.is_dir() => {
            let text = format!("cannot create the directory: {} is a file", there.display());
            Err(Failure::error(text).file(directory.display().to_string()).help("give the directory another name"))
        }
        _ => Ok(()),
    }
}

/// Makes a directory, and those that it is in, where they are not there.
pub fn make_directory(directory: &Path) -> Result<(), Failure> {
    fs::create_dir_all(directory).map_err(|error| {
        let text = format!("cannot create the directory: {}", plain(&error));
        Failure::error(text).file(directory.display().to_string())
    })
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::error(format!("cannot write the file: {}", plain(error))).file(path.display().to_string());
    let directory = directory_of(path);
    match error.kind() {
        io::ErrorKind::IsADirectory => failure.help("name a file in it, or give the output another name"),
        io::ErrorKind::NotFound if !directory.exists() => {
            failure.help(format!("make the directory {} first", directory.display()))
        }
        io::ErrorKind::NotADirectory => failure.help(format!("{} is no directory", directory.display())),
        _ => failure,
    }
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
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
