//! The lock beside the database: it belongs to one process.

use std::{
    ffi::OsString,
    fs::{File, TryLockError},
    path::{Path, PathBuf},
};

use crate::store::StoreError;

/// Takes the lock of a database. The operating system gives it back when the file is closed, by a crash too.
pub(super) fn lock(database: &Path) -> Result<File, StoreError> {
    let path = lock_path(database);
    let refused = |error: &dyn std::fmt::Display| {
        StoreError::unavailable(format_args!("the lock file {} cannot be had: {error}", path.display()))
    };
    if let Some(folder) = database.parent().filter(|folder| !folder.exists()) {
        let (folder, path) = (folder.display(), path.display());
        return Err(StoreError::unavailable(format_args!(
            "the folder {folder} does not exist, so the lock file {path} cannot be had"
        )));
    }
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|error| refused(&error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::unavailable(format_args!(
            "{} is in use by another process, which holds {}",
            database.display(),
            path.display()
        ))),
        Err(TryLockError::Error(error)) => Err(refused(&error)),
    }
}

fn lock_path(database: &Path) -> PathBuf {
    let mut path = OsString::from(database);
    path.push(".lock");
    path.into()
}
