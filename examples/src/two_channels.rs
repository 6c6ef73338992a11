//! Telegram and Discord in one process: two bots, one ledger, one hookpoint.

use std::sync::Arc;

use anyhow::Result;
use escalator::runtime::Running;
use escalator_discord::Discord;
use escalator_telegram::Telegram;
use teloxide::Bot;

use crate::{discord_bot, held::while_held, settings::Settings, stop, telegram_bot, told, updates::Updates};

/// Runs both bots with the settings of the environment, until they are told to stop, or one of them ends.
///
/// # Errors
/// The setting that is missing or wrong, or what refused us at the start.
pub async fn run(settings: &Settings) -> Result<()> {
    settings.start_logs("info")?;
    let stop = stop::listen()?;
    let Some(started) = stop.run_until_cancelled(start(settings)).await else {
        return Ok(());
    };
    let Started {
        telegram_bot,
        telegram,
        updates,
        discord_bot,
        discord,
        running,
    } = started?;
    // Each is held by itself. Whichever ends, the other one is stopped, and what it has pulled is dealt with.
    let on_telegram = async {
        let ended = telegram_bot::listen(&telegram_bot, &telegram, updates, &running, &stop).await;
        stop.cancel();
        ended
    };
    let connect = |enough| async {
        let client = discord_bot::client(&discord_bot, &discord).await?;
        discord_bot::listen_until(client, enough).await
    };
    let on_discord = async {
        let ended = while_held(&running, "discord", &stop, connect).await;
        stop.cancel();
        ended
    };
    let (on_telegram, on_discord) = tokio::join!(on_telegram, on_discord);
    running.shutdown().await;
    on_telegram.and(on_discord)
}

/// Two bots in a house that runs.
struct Started {
    telegram_bot: Bot,
    telegram: Telegram<Bot>,
    updates: Updates,
    discord_bot: escalator_discord::Bot,
    discord: Discord,
    running: Running,
}

/// What can be wrong on this machine is found before the platforms are asked.
async fn start(settings: &Settings) -> Result<Started> {
    let house = settings.house(settings.omnidesk()?, "sqlite:escalator.db")?;
    let (telegram_bot, discord_bot) = (settings.telegram()?, settings.discord()?);
    let mut house = house.on_event(told::tell).open().await?;
    settings.check_telegram(&telegram_bot).await?;
    settings.check_discord(&discord_bot).await?;
    let telegram = Telegram::new(telegram_bot.clone(), house.ingress("telegram"));
    house.connect(Arc::new(telegram.clone()))?;
    let updates = Updates::of(settings, &telegram).await?;
    let discord = Discord::new(&discord_bot, house.ingress("discord"));
    house.connect(Arc::new(discord.clone()))?;
    Ok(Started {
        telegram_bot,
        telegram,
        updates,
        discord_bot,
        discord,
        running: house.start().await?,
    })
}
