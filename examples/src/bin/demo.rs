//! A bot, a desk and a ledger in one command, with nothing to set: the customer is this terminal, the desk is a
//! simulator whose agent's page opens in a browser. With `TELEGRAM_BOT_TOKEN` set the customer is Telegram; with
//! `OMNIDESK_URL` and its token set the desk is the real one. `--help` names the settings.

use escalator_examples::{demo, exit, program, settings::Settings};

#[tokio::main]
async fn main() {
    exit::with(demo::run(&Settings::read(&program::DEMO)).await)
}
