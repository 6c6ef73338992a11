//! A small FAQ bot for Telegram that hands over to a human. What escalation adds to it stands in `serve` and in the
//! first lines of `answer`; the rest is the bot's own.

use std::{fmt::Debug, pin::pin, sync::Arc};

use anyhow::{Result, anyhow};
use escalator::{
    channel::{EscalationChannel, Turn},
    model::Escalation,
    runtime::{Builder, Running},
};
use escalator_telegram::{Telegram, polling};
use teloxide::{error_handlers::LoggingErrorHandler, prelude::*, update_listeners::UpdateListener};
use tokio_util::sync::CancellationToken;

use crate::{faq, held::while_held, settings::Settings, stop, told, updates::Updates};

/// Runs the bot with the settings of the environment, until it is told to stop.
///
/// # Errors
/// The setting that is missing or wrong, or what refused us at the start.
pub async fn run(settings: &Settings) -> Result<()> {
    settings.start_logs("info")?;
    let stop = stop::listen()?;
    let house = settings.house(settings.omnidesk()?, "sqlite:escalator.db")?;
    serve(settings, house, stop).await
}

/// Runs the bot in a house that is set up, until it is told to stop.
///
/// # Errors
/// What is wrong with the token, or refused us at the start.
pub async fn serve(settings: &Settings, house: Builder, stop: CancellationToken) -> Result<()> {
    let Some(started) = stop.run_until_cancelled(start(settings, house)).await else {
        return Ok(());
    };
    let (bot, telegram, updates, running) = started?;
    let outcome = listen(&bot, &telegram, updates, &running, &stop).await;
    running.shutdown().await;
    outcome
}

/// What can be wrong on this machine is found before Telegram is asked.
async fn start(settings: &Settings, house: Builder) -> Result<(Bot, Telegram<Bot>, Updates, Running)> {
    let bot = settings.telegram()?;
    let mut house = house.on_event(told::tell).open().await?;
    settings.check_telegram(&bot).await?;
    let telegram = Telegram::new(bot.clone(), house.ingress("telegram"));
    house.connect(Arc::new(telegram.clone()))?;
    let updates = Updates::of(settings, &telegram).await?;
    Ok((bot, telegram, updates, house.start().await?))
}

/// Listens while this instance holds the channel, until it is told to stop. A webhook takes posts all the time.
///
/// # Errors
/// Telegram is gone.
pub async fn listen(
    bot: &Bot,
    telegram: &Telegram<Bot>,
    updates: Updates,
    running: &Running,
    stop: &CancellationToken,
) -> Result<()> {
    match updates {
        Updates::Polled => {
            let poll = |enough| dispatch(bot, telegram, polling(bot.clone()), enough);
            while_held(running, "telegram", stop, poll).await
        }
        Updates::Posted(posted) => {
            let webhook = posted.webhook.clone();
            let take = |enough| dispatch(bot, telegram, webhook.listener(), enough);
            posted.while_served(while_held(running, "telegram", stop, take)).await
        }
    }
}

/// Dispatches until there was enough.
async fn dispatch<L>(bot: &Bot, telegram: &Telegram<Bot>, listener: L, enough: CancellationToken) -> Result<()>
where
    L: UpdateListener<Err: Debug + Send + 'static> + Send,
{
    let handlers = dptree::entry().branch(Update::filter_message().endpoint(answer));
    let (listener, handlers) = telegram.install(listener, handlers);
    let mut dispatcher = Dispatcher::builder(bot.clone(), handlers)
        .dependencies(dptree::deps![telegram.clone()])
        .build();
    let mut dispatching = pin!(dispatcher.try_dispatch_with_listener(listener, LoggingErrorHandler::new()));
    let outcome = tokio::select! {
        outcome = &mut dispatching => outcome,
        () = enough.cancelled() => {
            telegram.stop();
            dispatching.await
        }
    };
    // What teloxide says beyond that can hold addresses with the token.
    outcome.map_err(|_| anyhow!("Telegram answered at first and then no more: TELEGRAM_API_URL or the network"))
}

/// One message of a conversation that the bot owns.
async fn answer(bot: Bot, message: Message, turn: Turn, telegram: Telegram<Bot>) -> Result<()> {
    let text = message.text().unwrap_or_default();
    let answer = if !faq::wants_human(text) {
        faq::answer(text)
    } else if !message.chat.is_private() {
        faq::IN_PRIVATE.to_owned()
    } else {
        let escalation = Escalation::because("the customer asked for a human");
        match telegram.escalate(turn.clone(), escalation).await {
            Ok(_) => return Ok(()),
            Err(error) => {
                tracing::error!(%error, "a customer asked for a human in vain");
                faq::NO_HUMAN.to_owned()
            }
        }
    };
    turn.say(faq::spoken(&answer), bot.send_message(message.chat.id, &answer))
        .await?;
    Ok(())
}
