//! A bot in the terminal whose desk is your Omnidesk account. `--help` names the settings.

use std::sync::Arc;

use anyhow::Result;
use escalator_examples::{custom_channel::Terminal, exit, settings::Settings};

#[tokio::main]
async fn main() {
    exit::with(run(&Settings::read()).await)
}

async fn run(settings: &Settings) -> Result<()> {
    settings.start_logs("warn")?;
    let mut house = settings
        .house(settings.omnidesk()?, "sqlite:escalator.db")?
        .open()
        .await?;
    let terminal = Terminal::new(house.ingress("terminal"), std::env::temp_dir());
    house.connect(Arc::<Terminal>::clone(&terminal))?;
    exit::at_end_of_input(&terminal, house.start().await?).await
}
