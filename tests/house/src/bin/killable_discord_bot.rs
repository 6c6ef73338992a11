//! The example `discord_bot`, in a body that can be killed at a named site.

use escalator_examples::{discord_bot, program, settings::Settings};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    escalator_house::crash_layer::install();
    discord_bot::run(&Settings::read(&program::DISCORD_BOT)).await
}
