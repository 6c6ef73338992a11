//! A Telegram bot and a Discord bot in one process that hand over to the same Omnidesk account. `--help` names the settings.

use escalator_examples::{exit, program, settings::Settings, two_channels};

#[tokio::main]
async fn main() {
    exit::with(two_channels::run(&Settings::read(&program::TWO_CHANNELS)).await)
}
