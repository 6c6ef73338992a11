//! A bot in the terminal whose desk is your Omnidesk account. `--help` names the settings. The agent's files go to the
//! folder `downloads`, beside the database.

use std::{path::Path, sync::Arc};

use anyhow::{Context, Result};
use escalator::runtime::Running;
use escalator_examples::{custom_channel::Terminal, exit, program, settings::Settings, stop};

#[tokio::main]
async fn main() {
    exit::with(run(&Settings::read(&program::CUSTOM_CHANNEL)).await)
}

async fn run(settings: &Settings) -> Result<()> {
    settings.start_logs("warn")?;
    let stop = stop::listen()?;
    if let Some(started) = stop.run_until_cancelled(start(settings)).await {
        let (terminal, running) = started?;
        exit::at_end_of_input(&terminal, running, &stop).await;
    }
    Ok(())
}

async fn start(settings: &Settings) -> Result<(Arc<Terminal>, Running)> {
    let mut house = settings
        .house(settings.omnidesk()?, "sqlite:escalator.db")?
        .open()
        .await?;
    let downloads = Path::new("downloads");
    std::fs::create_dir_all(downloads).context("the folder downloads cannot be made")?;
    let terminal = Terminal::new(house.ingress("terminal"), downloads.to_owned());
    house.connect(Arc::<Terminal>::clone(&terminal))?;
    Ok((terminal, house.start().await?))
}
