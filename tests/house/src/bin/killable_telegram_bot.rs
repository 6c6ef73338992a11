//! The example `telegram_bot`, in a body that can be killed at a named site, and whose lease may be shorter.

use std::time::Duration;

use anyhow::Context;
use escalator::store::PostgresSettings;
use escalator_examples::{program, settings::Settings, stop, telegram_bot};
use escalator_house::instances_run::LEASE_SECS;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    escalator_house::crash_layer::install();
    let (settings, stop) = (Settings::read(&program::TELEGRAM_BOT), stop::listen()?);
    let house = settings.house(settings.omnidesk()?, "sqlite:escalator.db")?;
    telegram_bot::serve(&settings, house.postgres(postgres()?), stop).await
}

fn postgres() -> anyhow::Result<PostgresSettings> {
    let mut settings = PostgresSettings::default();
    if let Ok(secs) = std::env::var(LEASE_SECS) {
        settings.lease = Duration::from_secs(secs.parse().context(LEASE_SECS)?);
    }
    Ok(settings)
}
