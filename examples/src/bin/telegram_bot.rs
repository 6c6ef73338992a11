//! A Telegram bot that hands over to an Omnidesk agent. `--help` names the settings.

use escalator_examples::{logs, settings::Settings, telegram_bot};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::read();
    logs::start("info");
    telegram_bot::run(&settings).await
}
