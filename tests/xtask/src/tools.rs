//! The cargo tools that commands need, built from their pinned sources when they are missing.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result};

use crate::{process, workspace::Workspace};

/// A program that cargo can install.
pub(crate) struct Tool {
    /// Its crate.
    pub(crate) package: &'static str,
    /// The only version that is used.
    pub(crate) version: &'static str,
    /// The name of the binary.
    pub(crate) program: &'static str,
    /// What makes it print its version.
    ask_version: &'static [&'static str],
}

pub(crate) const DENY: Tool = Tool {
    package: "cargo-deny",
    version: "0.20.2",
    program: "cargo-deny",
    ask_version: &["--version"],
};
pub(crate) const HACK: Tool = Tool {
    package: "cargo-hack",
    version: "0.6.46",
    program: "cargo-hack",
    ask_version: &["hack", "--version"],
};
pub(crate) const MACHETE: Tool = Tool {
    package: "cargo-machete",
    version: "0.9.2",
    program: "cargo-machete",
    ask_version: &["--version"],
};
pub(crate) const TYPOS: Tool = Tool {
    package: "typos-cli",
    version: "1.49.0",
    program: "typos",
    ask_version: &["--version"],
};

/// The path of the tool: one that is installed in the pinned version, or ours, built first if it has to be.
pub(crate) fn ready(tool: &Tool, workspace: &Workspace) -> Result<OsString> {
    let tools = workspace.target.join("tools");
    let root = tools.join(format!("{}-{}", tool.package, tool.version));
    let binary = root
        .join("bin")
        .join(format!("{}{}", tool.program, env::consts::EXE_SUFFIX));
    if binary.is_file() {
        return Ok(binary.into_os_string());
    }
    if is_installed(tool) {
        return Ok(OsString::from(tool.program));
    }
    eprintln!(
        "{} {} is missing: it will be built into {}",
        tool.package,
        tool.version,
        root.display()
    );
    build(tool, &root, &tools.join("build"), workspace)?;
    Ok(binary.into_os_string())
}

/// Builds a tool as fast as can be: it runs for seconds, so optimising it would take longer than it saves.
///
/// The objects are kept only where the build was cut short, so that the next one goes on from there.
fn build(tool: &Tool, root: &Path, objects: &PathBuf, workspace: &Workspace) -> Result<()> {
    let install = [
        "install",
        "--locked",
        "--debug",
        tool.package,
        "--version",
        tool.version,
    ];
    process::cargo(&workspace.root)
        .args(install)
        .arg("--root")
        .arg(root)
        .arg("--target-dir")
        .arg(objects)
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_PROFILE_DEV_INCREMENTAL", "false")
        .run_on_stderr()?;
    fs::remove_dir_all(objects).with_context(|| format!("{} cannot be removed", objects.display()))
}

fn is_installed(tool: &Tool) -> bool {
    let asked = Command::new(tool.program)
        .args(tool.ask_version)
        .stdin(Stdio::null())
        .output();
    asked.is_ok_and(|answer| {
        let words = String::from_utf8_lossy(&answer.stdout);
        words.split_whitespace().any(|word| word == tool.version)
    })
}
