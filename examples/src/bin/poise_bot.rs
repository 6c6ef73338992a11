//! A Discord bot made with poise that hands over to an Omnidesk agent. `--help` names the settings.

use escalator_examples::{exit, poise_bot, program, settings::Settings};

#[tokio::main]
async fn main() {
    exit::with(poise_bot::run(&Settings::read(&program::POISE_BOT)).await)
}
