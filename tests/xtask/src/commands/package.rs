//! Packing for the registry.

use std::{env, fs, path::PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use crate::{process, workspace::Workspace};

#[derive(Args)]
pub(crate) struct Options {
    /// Packs without building what was packed.
    #[arg(long)]
    no_verify: bool,
    /// Packs changes that are not committed yet, too.
    #[arg(long)]
    allow_dirty: bool,
}

impl Options {
    /// What CI asks for.
    pub(crate) const STRICT: Self = Self {
        no_verify: false,
        allow_dirty: false,
    };
}

/// Packs every package that is published, and builds what was packed, without debug information.
pub(crate) fn pack(workspace: &Workspace, options: &Options) -> Result<()> {
    forget_packed(workspace)?;
    let excluded = workspace.unpublished().flat_map(|name| ["--exclude", name]);
    let flags = [
        ("--no-verify", options.no_verify),
        ("--allow-dirty", options.allow_dirty),
    ];
    process::cargo(&workspace.root)
        .args(["package", "--workspace", "--locked"])
        .args(excluded)
        .args(flags.iter().filter(|(_, wanted)| *wanted).map(|(flag, _)| flag))
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .run()
}

/// Removes what cargo unpacked of these packages in an earlier run. A package is built against its neighbours by way of a
/// registry in the target folder, and cargo does not unpack one anew whose name and version it has from that folder,
/// however much it has changed since.
fn forget_packed(workspace: &Workspace) -> Result<()> {
    let Some(registries) = cargo_home().map(|home| home.join("registry/src")) else {
        return Ok(());
    };
    let Ok(registries) = fs::read_dir(registries) else {
        return Ok(());
    };
    for registry in registries {
        let registry = registry.context("cargo's unpacked packages can be listed")?.path();
        for unpacked in workspace.published_versions().map(|name| registry.join(name)) {
            if unpacked.is_dir() {
                fs::remove_dir_all(&unpacked).with_context(|| format!("{} can be removed", unpacked.display()))?;
            }
        }
    }
    Ok(())
}

fn cargo_home() -> Option<PathBuf> {
    let set = env::var_os("CARGO_HOME").map(PathBuf::from);
    set.or_else(|| env::home_dir().map(|home| home.join(".cargo")))
}
