//! Programs of the system that commands need.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};

use crate::process;

/// A program, the names it goes by, and the Debian package that has it.
struct Needed {
    names: &'static [&'static str],
    package: &'static str,
}

const BROWSER: &[Needed] = &[
    Needed {
        names: &["chromium", "chromium-browser", "google-chrome"],
        package: "chromium",
    },
    Needed {
        names: &["chromedriver"],
        package: "chromium-driver",
    },
];

/// Debian's package of PostgreSQL's server and client.
const DATABASE: &str = "postgresql";

/// Names a server to be tested against instead of a private one.
const DATABASE_ELSEWHERE: &str = "DATABASE_URL";

/// Makes sure that there is a browser and its driver.
pub(crate) fn browser_ready(root: &Path) -> Result<()> {
    let missing: Vec<&str> = BROWSER
        .iter()
        .filter(|needed| !is_there(needed))
        .map(|needed| needed.package)
        .collect();
    install(root, &missing)
}

/// Makes sure that there is a PostgreSQL for the tests to start, unless they are told of one that runs.
pub(crate) fn database_ready(root: &Path) -> Result<()> {
    let elsewhere = env::var(DATABASE_ELSEWHERE).is_ok_and(|url| url.starts_with("postgres"));
    if elsewhere || has_server(root) {
        return Ok(());
    }
    install(root, &[DATABASE])
}

/// Installs packages, after saying so, or says which line does.
fn install(root: &Path, missing: &[&str]) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    let line = format!(
        "apt-get update && apt-get install -y --no-install-recommends {}",
        missing.join(" ")
    );
    if !(on_path("apt-get") && is_root(root)) {
        bail!("{} missing; as root, on Debian, run: {line}", missing.join(" and "));
    }
    eprintln!("{} missing; running: {line}", missing.join(" and "));
    apt_get(root, &["update"])?;
    apt_get(root, &[&["install", "-y", "--no-install-recommends"], missing].concat())
}

/// Where the tests look: Debian's folders, what `pg_config` says, the `PATH`.
fn has_server(root: &Path) -> bool {
    let has = |folder: PathBuf| ["initdb", "postgres"].iter().all(|name| folder.join(name).is_file());
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let configured = process::program("pg_config", root).arg("--bindir").read();
    versions.map(|version| version.path().join("bin")).any(has)
        || configured.is_ok_and(|said| has(PathBuf::from(said.trim())))
        || (on_path("initdb") && on_path("postgres"))
}

fn apt_get(root: &Path, arguments: &[&str]) -> Result<()> {
    process::program("apt-get", root)
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .run_on_stderr()
}

fn is_there(needed: &Needed) -> bool {
    needed.names.iter().any(|name| on_path(name))
}

fn on_path(name: &str) -> bool {
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(name).is_file()))
}

fn is_root(root: &Path) -> bool {
    process::program("id", root)
        .arg("-u")
        .read()
        .is_ok_and(|id| id.trim() == "0")
}
