//! Packing for the registry.

use anyhow::Result;
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
