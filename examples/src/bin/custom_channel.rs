//! A bot in the terminal whose desk is your Omnidesk account. `--help` names the settings.

use std::sync::Arc;

use anyhow::Result;
use escalator_examples::{custom_channel::Terminal, logs, settings::Settings};

#[tokio::main]
async fn main() -> Result<()> {
    let settings = Settings::read();
    logs::start("warn");
    let mut house = settings
        .house(settings.omnidesk()?, "sqlite:escalator.db")?
        .open()
        .await?;
    let terminal = Terminal::new(house.ingress("terminal"), std::env::temp_dir());
    house.connect(Arc::<Terminal>::clone(&terminal))?;
    let running = house.start().await?;
    tokio::select! {
        () = terminal.finished() => running.drained().await,
        pressed = tokio::signal::ctrl_c() => pressed?,
    }
    running.shutdown().await;
    // Standard input is read by a thread that nothing else can end.
    std::process::exit(0);
}
