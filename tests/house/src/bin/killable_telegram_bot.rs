//! The example `telegram_bot`, in a body that can be killed at a named site.

use escalator_examples::{program, settings::Settings, telegram_bot};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    escalator_house::crash_layer::install();
    telegram_bot::run(&Settings::read(&program::TELEGRAM_BOT)).await
}
