//! What cargo knows of this workspace.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process;

/// The workspace that this command was called in.
pub(crate) struct Workspace {
    /// The folder of its `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Where cargo builds, as set by `CARGO_TARGET_DIR` or a configuration.
    pub(crate) target: PathBuf,
    /// Its packages.
    pub(crate) members: Vec<Member>,
}

/// One package of the workspace.
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Whether it may be published.
    pub(crate) published: bool,
    /// Its `rust-version`.
    pub(crate) rust_version: Option<String>,
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn read() -> Result<Self> {
        let root = own_root();
        let text = process::cargo(&root)
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .read()?;
        let metadata: Value = serde_json::from_str(&text).context("cargo metadata is JSON")?;
        let members = metadata["packages"]
            .as_array()
            .context("cargo metadata lists packages")?;
        Ok(Self {
            root: path(&metadata["workspace_root"])?,
            target: path(&metadata["target_directory"])?,
            members: members.iter().map(Member::of).collect::<Result<_>>()?,
        })
    }

    /// The names of the packages that are published.
    pub(crate) fn published(&self) -> impl Iterator<Item = &str> {
        self.members
            .iter()
            .filter(|member| member.published)
            .map(|member| member.name.as_str())
    }

    /// The packages that are published, as the folder of an unpacked one is called.
    pub(crate) fn published_versions(&self) -> impl Iterator<Item = String> {
        let published = self.members.iter().filter(|member| member.published);
        published.map(|member| format!("{}-{}", member.name, member.version))
    }

    /// The names of the packages that stay at home.
    pub(crate) fn unpublished(&self) -> impl Iterator<Item = &str> {
        self.members
            .iter()
            .filter(|member| !member.published)
            .map(|member| member.name.as_str())
    }
}

impl Member {
    fn of(package: &Value) -> Result<Self> {
        Ok(Self {
            name: package["name"].as_str().context("a package has a name")?.to_owned(),
            version: package["version"]
                .as_str()
                .context("a package has a version")?
                .to_owned(),
            published: !package["publish"].as_array().is_some_and(Vec::is_empty),
            rust_version: package["rust_version"].as_str().map(str::to_owned),
        })
    }
}

/// The workspace of the checkout that runs this, even where checkouts share a target folder.
fn own_root() -> PathBuf {
    let compiled_in = env!("CARGO_MANIFEST_DIR");
    let own = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(compiled_in), PathBuf::from);
    own.ancestors().nth(2).unwrap_or(Path::new(".")).to_owned()
}

fn path(value: &Value) -> Result<PathBuf> {
    value
        .as_str()
        .map(PathBuf::from)
        .context("cargo metadata names its folders")
}
