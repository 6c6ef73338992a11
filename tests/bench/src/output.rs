//! How a report comes out: tables or one document, and a plot.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;

use crate::plot::Plot;

/// How the report comes out.
#[derive(Args)]
pub(crate) struct Output {
    /// Prints one JSON document instead of tables.
    #[arg(long)]
    json: bool,
    /// Draws the plot of the documentation anew: `docs/plots/NAME.svg`.
    #[arg(long)]
    plot: bool,
    /// The folder that the databases are made in, and removed from. That of this program.
    #[arg(long)]
    folder: Option<PathBuf>,
}

impl Output {
    /// Prints the report, and draws its plot where that is wanted.
    ///
    /// # Errors
    /// When the plot cannot be written.
    pub(crate) fn put(&self, name: &str, report: &impl Serialize, text: &str, plot: &Plot) -> Result<()> {
        if self.json {
            println!("{}", serde_json::to_string_pretty(report)?);
        } else {
            print!("{text}");
        }
        if self.plot {
            let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/plots");
            plot.save(&docs.join(format!("{name}.svg")))?;
        }
        Ok(())
    }

    /// The program lies among what was built: on a disk, and out of version control's sight.
    ///
    /// # Errors
    /// When nobody knows where the program lies.
    pub(crate) fn folder(&self) -> Result<PathBuf> {
        if let Some(folder) = &self.folder {
            return Ok(folder.clone());
        }
        let program = std::env::current_exe()?;
        let folder = program.parent().context("a program lies in a folder")?;
        Ok(folder.to_owned())
    }
}
