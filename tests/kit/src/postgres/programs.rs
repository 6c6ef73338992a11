use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::error::PostgresError;

/// Where Debian keeps its versions, one folder each.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The programs that a server needs.
const NEEDED: [&str; 4] = ["initdb", "pg_ctl", "postgres", "psql"];

/// What would make a program talk to another server, or in another language.
const MISLEADING: [&str; 11] = [
    "PGDATA",
    "PGDATABASE",
    "PGHOST",
    "PGHOSTADDR",
    "PGOPTIONS",
    "PGPASSWORD",
    "PGPORT",
    "PGSERVICE",
    "PGSSLMODE",
    "PGUSER",
    "PSQLRC",
];

/// The folder of PostgreSQL's programs.
#[derive(Clone)]
pub(super) struct Programs(PathBuf);

impl Programs {
    /// Searches for a server's programs.
    pub(super) fn of_a_server() -> Result<Self, PostgresError> {
        Self::find(&NEEDED)
    }

    /// Searches for a client's program.
    pub(super) fn of_a_client() -> Result<Self, PostgresError> {
        Self::find(&["psql"])
    }

    fn find(needed: &[&str]) -> Result<Self, PostgresError> {
        let has_all = |folder: &PathBuf| needed.iter().all(|name| folder.join(name).is_file());
        let configured = bindir().into_iter();
        let folders = debian().into_iter().chain(configured).chain(on_path());
        folders
            .into_iter()
            .find(has_all)
            .map(Self)
            .ok_or(PostgresError::Missing)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A program that goes by what it is told alone.
    pub(super) fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.path(name));
        for name in MISLEADING {
            command.env_remove(name);
        }
        command.env("LC_ALL", "C");
        command
    }
}

/// The newest version first.
fn debian() -> Vec<PathBuf> {
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort();
    versions.into_iter().rev().map(|(_, folder)| folder).collect()
}

fn bindir() -> Option<PathBuf> {
    let asked = Command::new("pg_config").arg("--bindir").output().ok()?;
    let said = String::from_utf8(asked.stdout).ok()?;
    Some(Path::new(said.trim()).to_owned())
}

fn on_path() -> Vec<PathBuf> {
    env::var_os("PATH").map_or_else(Vec::new, |path| env::split_paths(&path).collect())
}
