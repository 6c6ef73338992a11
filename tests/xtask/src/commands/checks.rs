//! Format, lints, spelling and documentation.

use anyhow::Result;

use crate::{
    process,
    tools::{self, TYPOS},
    workspace::Workspace,
};

pub(crate) fn format(workspace: &Workspace, fix: bool) -> Result<()> {
    let check = if fix { &[][..] } else { &["--check"] };
    process::cargo(&workspace.root).args(["fmt", "--all"]).args(check).run()
}

pub(crate) fn lint(workspace: &Workspace) -> Result<()> {
    let all = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "-D",
        "warnings",
    ];
    process::cargo(&workspace.root).args(all).run()
}

pub(crate) fn typos(workspace: &Workspace) -> Result<()> {
    let typos = tools::ready(&TYPOS, workspace)?;
    process::program(typos, &workspace.root).run()
}

pub(crate) fn documentation(workspace: &Workspace) -> Result<()> {
    pages(workspace)?;
    process::cargo(&workspace.root)
        .args(["test", "--doc", "--workspace", "--all-features"])
        .run()
}

/// Builds the pages without running their examples.
pub(crate) fn pages(workspace: &Workspace) -> Result<()> {
    let pages = ["doc", "--workspace", "--no-deps", "--all-features"];
    process::cargo(&workspace.root)
        .args(pages)
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()
}
