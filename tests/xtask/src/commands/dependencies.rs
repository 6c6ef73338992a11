//! Features, licences, and dependencies that nothing uses.

use anyhow::Result;

use crate::{
    process,
    tools::{self, DENY, HACK, MACHETE},
    workspace::Workspace,
};

/// Each feature alone, and none. Under this resolver the features of dev-dependencies stay out of it by themselves,
/// so the manifests need not be rewritten meanwhile (`--no-dev-deps` would).
pub(crate) fn features(workspace: &Workspace) -> Result<()> {
    let hack = tools::ready(&HACK, workspace)?;
    let (some_tls, any): (Vec<_>, Vec<_>) = workspace.published().partition(|name| NEEDS_TLS.contains(name));
    for (packages, flags) in [(any, &[][..]), (some_tls, &["--exclude-no-default-features"])] {
        process::program(&hack, &workspace.root)
            .args(["hack", "clippy", "--each-feature"])
            .args(flags)
            .args(packages.iter().flat_map(|name| ["--package", name]))
            .args(["--", "-D", "warnings"])
            .run()?;
    }
    Ok(())
}

/// serenity does not build without a TLS: a bot that leaves out our `rustls` names one of serenity's own.
const NEEDS_TLS: &[&str] = &["escalator-discord"];

pub(crate) fn deny(workspace: &Workspace) -> Result<()> {
    let deny = tools::ready(&DENY, workspace)?;
    process::program(deny, &workspace.root)
        .args([
            "--workspace",
            "--all-features",
            "check",
            "--hide-inclusion-graph",
            "bans",
            "licenses",
            "sources",
        ])
        .run()
}

pub(crate) fn unused(workspace: &Workspace) -> Result<()> {
    let machete = tools::ready(&MACHETE, workspace)?;
    process::program(machete, &workspace.root).arg("machete").run()
}
