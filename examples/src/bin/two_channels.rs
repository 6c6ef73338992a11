//! A Telegram bot and a Discord bot in one process that hand over to the same Omnidesk account. `--help` names the settings.

use escalator_examples::{exit, settings::Settings, two_channels};

const ABOUT: &str = "A Telegram bot and a Discord bot in one process that hand over to the same Omnidesk account. The ledger is sqlite:escalator.db unless DATABASE_URL says otherwise. \
A setting is a variable of the environment, or the argument beside it.";

#[tokio::main]
async fn main() {
    exit::with(two_channels::run(&Settings::read(ABOUT)).await)
}
