//! A Discord bot made with poise that hands over to an Omnidesk agent. `--help` names the settings.

use escalator_examples::{exit, poise_bot, settings::Settings};

const ABOUT: &str = "A Discord bot made with poise that hands over to an Omnidesk agent. The ledger is sqlite:escalator.db unless DATABASE_URL says otherwise. \
A setting is a variable of the environment, or the argument beside it.";

#[tokio::main]
async fn main() {
    exit::with(poise_bot::run(&Settings::read(ABOUT)).await)
}
