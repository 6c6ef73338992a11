//! Programs of the system that commands need.

use std::{env, path::Path};

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

/// Makes sure that there is a browser and its driver.
pub(crate) fn browser_ready(root: &Path) -> Result<()> {
    let missing: Vec<&str> = BROWSER
        .iter()
        .filter(|needed| !is_there(needed))
        .map(|needed| needed.package)
        .collect();
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
    apt_get(
        root,
        &[&["install", "-y", "--no-install-recommends"], missing.as_slice()].concat(),
    )
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
