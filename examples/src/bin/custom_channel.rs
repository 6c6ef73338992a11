//! A bot in the terminal whose desk is your Omnidesk account. `--help` names the settings. The agent's files go to the
//! folder `downloads`, beside the database.

use std::{path::Path, sync::Arc};

use anyhow::{Context, Result};
use escalator_examples::{custom_channel::Terminal, exit, settings::Settings};

const ABOUT: &str = "A bot in the terminal whose desk is your Omnidesk account. The agent's files go to the folder `downloads`, \
the ledger to sqlite:escalator.db unless DATABASE_URL says otherwise. A setting is a variable of the environment, or the argument beside it.";

#[tokio::main]
async fn main() {
    exit::with(run(&Settings::read(ABOUT)).await)
}

async fn run(settings: &Settings) -> Result<()> {
    settings.start_logs("warn")?;
    let mut house = settings
        .house(settings.omnidesk()?, "sqlite:escalator.db")?
        .open()
        .await?;
    let downloads = Path::new("downloads");
    std::fs::create_dir_all(downloads).context("the folder downloads cannot be made")?;
    let terminal = Terminal::new(house.ingress("terminal"), downloads.to_owned());
    house.connect(Arc::<Terminal>::clone(&terminal))?;
    exit::at_end_of_input(&terminal, house.start().await?).await
}
