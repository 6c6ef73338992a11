//! A Telegram bot that hands over to an Omnidesk agent. `--help` names the settings.

use escalator_examples::{exit, program, settings::Settings, telegram_bot};

#[tokio::main]
async fn main() {
    exit::with(telegram_bot::run(&Settings::read(&program::TELEGRAM_BOT)).await)
}
