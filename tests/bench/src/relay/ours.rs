//! The relay that is measured: the real one, with Telegram's adapter and the desk's client.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result, anyhow, ensure};
use escalator::{
    dispatch::DispatchSettings,
    model::SessionId,
    omnidesk::{Account, AccountToken, ChatUrl, Omnidesk, OmnideskConfig},
    runtime::{Database, Escalator, Running},
};
use escalator_telegram::{Telegram, client, polling};
use teloxide::{error_handlers::LoggingErrorHandler, prelude::*};
use tempfile::TempDir;
use tokio::{task::JoinHandle, time::timeout};

use super::fakes::{Fakes, TOKEN, user};
use crate::hookpoint::{house::open_sessions, message};

/// How long it may take to get ready, or to stop.
const PATIENCE: Duration = Duration::from_mins(2);

/// A house with active sessions.
pub(super) struct Ours {
    pub(super) hooks_at: SocketAddr,
    pub(super) sessions: Vec<SessionId>,
    running: Running,
    telegram: Telegram<Bot>,
    dispatcher: JoinHandle<Result<()>>,
    _folder: TempDir,
}

impl Ours {
    pub(super) async fn open(folder: &Path, fakes: &Fakes, conversations: usize) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("escalator-bench-").tempdir_in(folder)?;
        let mut house = Escalator::builder(desk(fakes)?)
            .database(Database::Sqlite(folder.path().join("ledger.db")))
            .dispatch(dispatch())
            .hookpoint_listen(([127, 0, 0, 1], 0).into())
            .hookpoint_secret(message::SECRET)
            .open()
            .await?;
        let bot = client(TOKEN, Some(&fakes.url()))?;
        let telegram = Telegram::new(bot.clone(), house.ingress("telegram"));
        house.connect(Arc::new(telegram.clone()))?;
        let ingress = escalator::channel::EscalationChannel::ingress(&telegram).clone();
        let running = house.start().await?;
        let dispatcher = tokio::spawn(listen(bot, telegram.clone()));
        let sessions = open_sessions(&ingress, (0..conversations).map(user)).await?;
        timeout(PATIENCE, running.drained())
            .await
            .context("the sessions were not opened in time")?;
        Ok(Self {
            hooks_at: running.hookpoint_listens_on().context("it is served here")?,
            sessions,
            running,
            telegram,
            dispatcher,
            _folder: folder,
        })
    }

    pub(super) async fn close(self) -> Result<()> {
        self.telegram.stop();
        timeout(PATIENCE, self.dispatcher)
            .await
            .context("the bot did not stop in time")???;
        ensure!(self.running.shutdown().await, "the house did not stop in time");
        Ok(())
    }
}

/// The bot has nothing to say: a human owns every conversation.
async fn listen(bot: Bot, telegram: Telegram<Bot>) -> Result<()> {
    let handlers = dptree::entry().branch(Update::filter_message().endpoint(|| async { anyhow::Ok(()) }));
    let (listener, handlers) = telegram.install(polling(bot.clone()), handlers);
    let mut dispatcher = Dispatcher::builder(bot, handlers).build();
    let outcome = dispatcher
        .try_dispatch_with_listener(listener, LoggingErrorHandler::new())
        .await;
    outcome.map_err(|_| anyhow!("the fake Telegram is gone"))
}

fn desk(fakes: &Fakes) -> Result<Omnidesk> {
    let account = Account::parse(&fakes.url())?;
    let mut config = OmnideskConfig::new(account, AccountToken::new("0123456789abcdef0123456789abcdef")?);
    config.chat_url = ChatUrl::parse(&fakes.url())?;
    Ok(Omnidesk::new(config)?)
}

/// The other relay keeps no pace either.
fn dispatch() -> DispatchSettings {
    let mut settings = DispatchSettings::default();
    settings.channel.pace = Duration::ZERO;
    settings
}
