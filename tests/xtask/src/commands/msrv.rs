//! The oldest Rust that the workspace supports.

use std::{collections::BTreeSet, fs};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::{process, workspace::Workspace};

/// The pages that say which Rust is needed.
const PAGES: &[&str] = &["README.md", "CONTRIBUTING.md"];

const NOT_COMPILED: &str = "\
No toolchain of that version is installed, so nothing was compiled with it. `cargo xtask lint` refuses what the standard
library got later (clippy::incompatible_msrv), and dependencies were believed what they state; newer syntax goes unseen.";

/// Every member and every page names the same version, no dependency states a newer one, and a toolchain of that
/// version, where there is one, agrees.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let version = stated(workspace)?;
    documented(workspace, &version)?;
    depended_on(workspace, &version)?;
    println!("Rust {version}: the manifests, the pages and the dependencies' manifests agree");
    if let Some(toolchain) = installed_toolchain(workspace, &version) {
        return with_toolchain(workspace, &toolchain);
    }
    println!("{NOT_COMPILED}");
    Ok(())
}

/// The one `rust-version` of all members.
fn stated(workspace: &Workspace) -> Result<String> {
    let versions: BTreeSet<Option<&str>> = workspace
        .members
        .iter()
        .map(|member| member.rust_version.as_deref())
        .collect();
    match versions.into_iter().collect::<Vec<_>>().as_slice() {
        [Some(version)] => Ok((*version).to_owned()),
        several => bail!("the members should have one rust-version, and have {several:?}"),
    }
}

fn documented(workspace: &Workspace, version: &str) -> Result<()> {
    let mut mentions = 0;
    for page in PAGES {
        let text = fs::read_to_string(workspace.root.join(page)).with_context(|| format!("{page} cannot be read"))?;
        for named in rust_versions(&text) {
            ensure!(
                named == version,
                "{page} speaks of Rust {named}; the manifests say {version}"
            );
            mentions += 1;
        }
    }
    ensure!(
        mentions > 0,
        "no page says that Rust {version} is needed (looked at {})",
        PAGES.join(", ")
    );
    Ok(())
}

/// The versions in a text that stand after the word "Rust".
fn rust_versions(text: &str) -> impl Iterator<Item = &str> {
    text.split("Rust ").skip(1).filter_map(|rest| {
        let end = rest
            .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
            .unwrap_or(rest.len());
        let version = rest[..end].trim_end_matches('.');
        version.contains('.').then_some(version)
    })
}

/// No locked dependency asks for a newer Rust.
fn depended_on(workspace: &Workspace, version: &str) -> Result<()> {
    let resolved = ["metadata", "--locked", "--all-features", "--format-version", "1"];
    let text = process::cargo(&workspace.root).args(resolved).read()?;
    let metadata: Value = serde_json::from_str(&text).context("cargo metadata is JSON")?;
    let packages = metadata["packages"]
        .as_array()
        .context("cargo metadata lists packages")?;
    let wants_newer = |package: &&Value| {
        let wanted = package["rust_version"].as_str();
        wanted.is_some_and(|wanted| numbers(wanted) > numbers(version))
    };
    let newer: Vec<String> = packages
        .iter()
        .filter(wants_newer)
        .map(|package| package["id"].to_string())
        .collect();
    ensure!(
        newer.is_empty(),
        "these want a newer Rust than {version}: {}",
        newer.join(", ")
    );
    Ok(())
}

/// The parts of a version that count: `1.94` and `1.94.0` are the same.
fn numbers(version: &str) -> [u32; 3] {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    std::array::from_fn(|_| parts.next().unwrap_or(0))
}

/// The name of a toolchain of this version, as rustup lists it.
fn installed_toolchain(workspace: &Workspace, version: &str) -> Option<String> {
    let listed = process::program("rustup", &workspace.root)
        .args(["toolchain", "list"])
        .read()
        .ok()?;
    let names = listed.lines().filter_map(|line| line.split_whitespace().next());
    let of_version = |name: &&str| {
        name.strip_prefix(version)
            .is_some_and(|rest| rest.starts_with(['.', '-']))
    };
    names.into_iter().find(of_version).map(str::to_owned)
}

/// Checks the published packages in a target folder of its own, so that the usual one is not built anew.
fn with_toolchain(workspace: &Workspace, toolchain: &str) -> Result<()> {
    println!("checking with the installed toolchain {toolchain}");
    let packages = workspace.published().flat_map(|name| ["--package", name]);
    process::program("rustup", &workspace.root)
        .args(["run", toolchain, "cargo", "check", "--locked", "--all-features"])
        .args(packages)
        .env("CARGO_TARGET_DIR", workspace.target.join("msrv"))
        .run()
}

#[cfg(test)]
mod tests {
    use super::{numbers, rust_versions};

    #[test]
    fn only_versions_after_the_word_are_read() {
        let text = "Rust 1.94 or later. Rust is needed, 1.2 too; Rust 2024 edition; Rust 1.95.";
        assert_eq!(rust_versions(text).collect::<Vec<_>>(), ["1.94", "1.95"]);
    }

    #[test]
    fn versions_are_compared_by_number() {
        assert_eq!(numbers("1.94"), numbers("1.94.0"));
        assert!(numbers("1.100") > numbers("1.94.2"));
    }
}
