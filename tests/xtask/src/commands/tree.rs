//! The shape of the dependency tree.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail, ensure};

use crate::{process, workspace::Workspace};

/// What a bot that embeds us would otherwise build and ship twice.
const ONCE: &[&str] = &["http", "hyper", "reqwest", "rustls", "tokio", "tower-http"];

/// What is nowhere in the tree, not even for tests: it needs a C library of the system, or a C compiler and CMake.
const NEVER: &[&str] = &["aws-lc-rs", "aws-lc-sys", "native-tls", "openssl", "openssl-sys"];

/// What `escalator-discord` ships twice: serenity 0.12 has a rustls of its own for its gateway.
const TWICE_FOR_DISCORD: &[&str] = &["rustls"];

type Versions = BTreeMap<String, BTreeSet<String>>;

pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let embedded = [
        "--package",
        "escalator",
        "--package",
        "escalator-telegram",
        "--edges",
        "normal",
    ];
    once(&versions(workspace, &embedded)?, &[])?;
    let discord = ["--package", "escalator-discord", "--edges", "normal"];
    once(&versions(workspace, &discord)?, TWICE_FOR_DISCORD)?;
    never(&versions(
        workspace,
        &["--workspace", "--edges", "all", "--target", "all"],
    )?)
}

fn once(embedded: &Versions, twice: &[&str]) -> Result<()> {
    let none = BTreeSet::new();
    for name in ONCE {
        let found = embedded.get(*name).unwrap_or(&none);
        println!(
            "{name}: {}",
            found.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
        );
        let versions = if twice.contains(name) { 2 } else { 1 };
        ensure!(
            found.len() == versions,
            "{name} should be in the tree in {versions} version(s); see `cargo tree -d -e normal -i {name}`"
        );
    }
    Ok(())
}

fn never(everywhere: &Versions) -> Result<()> {
    let found: Vec<&str> = NEVER
        .iter()
        .copied()
        .filter(|name| everywhere.contains_key(*name))
        .collect();
    if let Some(first) = found.first() {
        bail!(
            "in the tree: {}; see `cargo tree --workspace -e all --target all -i {first}`",
            found.join(", ")
        );
    }
    println!("not in the tree: {}", NEVER.join(", "));
    Ok(())
}

fn versions(workspace: &Workspace, of: &[&str]) -> Result<Versions> {
    let flat = ["tree", "--all-features", "--prefix", "none", "--format", "{p}"];
    let lines = process::cargo(&workspace.root).args(flat).args(of).read()?;
    let mut versions = Versions::new();
    for line in lines.lines() {
        if let Some((name, rest)) = line.split_once(" v") {
            let version = rest.split_whitespace().next().unwrap_or_default();
            versions.entry(name.to_owned()).or_default().insert(version.to_owned());
        }
    }
    Ok(versions)
}
