//! Telegram and Discord in one process: two bots, one ledger, one hookpoint.

use std::{pin::pin, sync::Arc};

use anyhow::Result;
use escalator_discord::Discord;
use escalator_telegram::Telegram;

use crate::{discord_bot, settings::Settings, telegram_bot, told, updates::Updates};

/// Runs both bots with the settings of the environment, until they are told to stop, or one of them ends.
///
/// # Errors
/// The setting that is missing or wrong, or what refused us at the start.
pub async fn run(settings: &Settings) -> Result<()> {
    settings.start_logs("info")?;
    let house = settings.house(settings.omnidesk()?, "sqlite:escalator.db")?;
    let (telegram_bot, discord_bot) = (settings.telegram().await?, settings.discord().await?);
    let mut house = house.on_event(told::tell).open().await?;
    let telegram = Telegram::new(telegram_bot.clone(), house.ingress("telegram"));
    house.connect(Arc::new(telegram.clone()))?;
    let updates = Updates::of(settings, &telegram).await?;
    let discord = Discord::new(&discord_bot, house.ingress("discord"));
    house.connect(Arc::new(discord.clone()))?;
    let running = house.start().await?;

    let client = discord_bot::client(&discord_bot, &discord).await?;
    let shards = Arc::clone(&client.shard_manager);
    // Whichever ends, the other one is stopped, and what it has pulled is dealt with.
    let on_telegram = async {
        let ended = telegram_bot::listen(telegram_bot, telegram.clone(), updates).await;
        shards.shutdown_all().await;
        ended
    };
    let on_discord = async {
        let ended = discord_bot::listen(client).await;
        telegram.stop();
        ended
    };
    let both = async { tokio::join!(on_telegram, on_discord) };
    let mut both = pin!(both);
    let (on_telegram, on_discord) = tokio::select! {
        ended = &mut both => ended,
        _ = tokio::signal::ctrl_c() => {
            telegram.stop();
            both.await
        }
    };
    running.shutdown().await;
    on_telegram.and(on_discord)
}
