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
        return Err(StoreError::unavailable(format_args!(
            "the folder {} does not exist: make it first",
            folder.display()
        )));
    }
    if database.is_dir() {
        return Err(StoreError::unavailable(format_args!(
            "{} is a folder: name a file in it, as in {}",
            database.display(),
            database.join("escalator.db").display()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_no_file_s_is_told_with_what_to_do() {
        let dir = tempfile::tempdir().expect("a folder can be made");
        let refused = |path: &Path| lock(path).expect_err("it is none").to_string();
        let nowhere = refused(&dir.path().join("missing").join("e.db"));
        assert!(nowhere.ends_with("missing does not exist: make it first"), "{nowhere}");
        let folder = refused(dir.path());
        assert!(
            folder.contains("is a folder: name a file in it") && folder.ends_with("escalator.db"),
            "{folder}"
        );
        let left = std::fs::read_dir(dir.path()).expect("it is a folder").count();
        assert_eq!(left, 0, "a refusal leaves no lock");
    }
}
