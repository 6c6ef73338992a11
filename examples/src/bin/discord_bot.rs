//! A Discord bot that hands over to an Omnidesk agent. `--help` names the settings.

use escalator_examples::{discord_bot, exit, program, settings::Settings};

#[tokio::main]
async fn main() {
    exit::with(discord_bot::run(&Settings::read(&program::DISCORD_BOT)).await)
}
