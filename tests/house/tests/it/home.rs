//! A house in this process: the product as an author sets it up, over a ledger in a file.

use std::{
    net::Ipv4Addr,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use escalator::{
    dispatch::DispatchSettings,
    model::{BotEvent, Policy, Texts},
    omnidesk::{Account, AccountToken, BrandId, ChatUrl, Omnidesk, OmnideskConfig, ServerToken},
    runtime::{Builder, Database, Escalator, Running, StartError},
    store::PostgresSettings,
};
use escalator_telegram::{Telegram, client, polling};
use teloxide::{
    Bot,
    dispatching::{DefaultKey, Dispatcher, UpdateHandler},
    dptree,
    error_handlers::LoggingErrorHandler,
};
use tokio::{sync::Notify, task::JoinHandle};

use crate::{
    bot::{self, Failed, Seen},
    street::{PATIENCE, Street},
};

/// What a house is set up with. The defaults suit a test: no pace, short waits, availability asked each time.
pub(crate) struct Plan {
    pub(crate) policy: Policy,
    pub(crate) texts: Texts,
    pub(crate) dispatch: DispatchSettings,
    pub(crate) telegram: escalator_telegram::Settings,
    pub(crate) omnidesk: fn(&mut OmnideskConfig),
    pub(crate) house: fn(Builder) -> Builder,
    pub(crate) handlers: UpdateHandler<Failed>,
    /// Where it is one of several.
    pub(crate) instance: Option<Instance>,
}

/// What instances share, and what is one's own.
pub(crate) struct Instance {
    pub(crate) database: Database,
    pub(crate) postgres: PostgresSettings,
    /// Where the desk finds a hookpoint, when that is another instance's.
    pub(crate) hookpoint_url: Option<String>,
}

impl Default for Plan {
    fn default() -> Self {
        let mut dispatch = DispatchSettings::default();
        dispatch.channel.pace = Duration::ZERO;
        dispatch.retry.first_wait = Duration::from_millis(50);
        dispatch.retry.wait_max = Duration::from_millis(500);
        let mut telegram = escalator_telegram::Settings::default();
        telegram.offer_retry.first_wait = Duration::from_millis(5);
        telegram.offer_retry.wait_max = Duration::from_millis(50);
        Self {
            policy: Policy::default(),
            texts: Texts::default(),
            dispatch,
            telegram,
            omnidesk: |_| {},
            house: |house| house,
            handlers: bot::handlers(),
            instance: None,
        }
    }
}

/// A house that is open, with the author's bot in it.
pub(crate) struct House {
    pub(crate) running: Running,
    pub(crate) telegram: Telegram<Bot>,
    /// What the bot's author was told.
    pub(crate) told: Told,
    /// What reached the author's handlers.
    pub(crate) seen: Seen,
    polls: JoinHandle<()>,
}

impl Street {
    /// Opens a house.
    pub(crate) async fn open(&self, plan: Plan) -> House {
        self.try_open(plan).await.expect("the house opens")
    }

    pub(crate) async fn try_open(&self, plan: Plan) -> Result<House, StartError> {
        let (house, ()) = self.try_open_with(plan, |_, _| ()).await?;
        Ok(house)
    }

    /// Opens a house in which more channels than Telegram are connected.
    pub(crate) async fn try_open_with<T>(
        &self,
        plan: Plan,
        connect: impl FnOnce(&mut Escalator, &Seen) -> T,
    ) -> Result<(House, T), StartError> {
        let (told, seen) = (Told::default(), Seen::default());
        let ear = told.clone();
        let house = Escalator::builder(self.omnidesk(plan.omnidesk))
            .database(Database::Sqlite(self.database()))
            .hookpoint_listen(self.hookpoint())
            .policy(plan.policy)
            .texts(plan.texts)
            .dispatch(plan.dispatch)
            .on_event(move |event| {
                let ear = ear.clone();
                async move { ear.add(event) }
            });
        let house = match plan.instance {
            Some(instance) => instance.of(house),
            None => house,
        };
        let mut house = (plan.house)(house).open().await?;
        if let Some(address) = house.hookpoint_listens_on() {
            self.hookpoint_is(address);
        }
        let bot = client(self.telegram.token(), Some(&self.telegram.url())).expect("token and address are right");
        let telegram = Telegram::with_settings(bot.clone(), house.ingress("telegram"), plan.telegram);
        house.connect(Arc::new(telegram.clone()))?;
        let others = connect(&mut house, &seen);
        let running = house.start().await?;

        let (listener, handlers) = telegram.install(polling(bot.clone()), plan.handlers);
        let mut dispatcher: Dispatcher<Bot, Failed, DefaultKey> = Dispatcher::builder(bot, handlers)
            .dependencies(dptree::deps![telegram.clone(), seen.clone()])
            .build();
        let (holds, stops) = (running.holds("telegram"), telegram.clone());
        let polls = tokio::spawn(async move {
            let hold = holds.await.expect("the channel is connected");
            let mut polls = pin!(dispatcher.dispatch_with_listener(listener, LoggingErrorHandler::new()));
            tokio::select! {
                () = &mut polls => {}
                () = hold.lost() => {
                    stops.stop();
                    polls.await;
                }
            }
        });
        let house = House {
            running,
            telegram,
            told,
            seen,
            polls,
        };
        Ok((house, others))
    }

    pub(crate) fn omnidesk(&self, change: fn(&mut OmnideskConfig)) -> Omnidesk {
        let account = Account::parse(&self.desk.url()).expect("the desk's address is whole");
        let token = AccountToken::new(self.desk.account_token()).expect("the desk's token is one");
        let mut config = OmnideskConfig::new(account, token);
        config.chat_url = ChatUrl::parse(&self.desk.url()).expect("the desk's address is whole");
        config.server_token = Some(ServerToken::new(self.desk.server_token()).expect("the desk's token is one"));
        config.brand_id = Some(BrandId::new("1").expect("it is an id"));
        config.availability_max = Duration::ZERO;
        change(&mut config);
        Omnidesk::new(config).expect("the settings agree")
    }
}

impl Instance {
    fn of(self, house: Builder) -> Builder {
        let house = house.database(self.database).postgres(self.postgres);
        match self.hookpoint_url {
            Some(url) => house
                .hookpoint_listen((Ipv4Addr::LOCALHOST, 0).into())
                .hookpoint_url(url),
            None => house,
        }
    }
}

impl House {
    /// Waits until everything is delivered.
    pub(crate) async fn drained(&self) {
        let drained = tokio::time::timeout(2 * PATIENCE, self.running.drained()).await;
        assert!(drained.is_ok(), "not delivered in time: {:?}", self.running.health());
    }

    /// Closes the house: what is under way is finished, what waits is kept.
    pub(crate) async fn shutdown(self) {
        self.telegram.stop();
        let ended = tokio::time::timeout(PATIENCE, self.polls).await;
        ended.expect("the bot ends in time").expect("the dispatcher ends well");
        assert!(self.running.shutdown().await, "nothing is cut off");
    }
}

/// What the bot's author was told.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Inner>);

#[derive(Default)]
struct Inner {
    events: Mutex<Vec<BotEvent>>,
    more: Notify,
}

impl Told {
    fn events(&self) -> MutexGuard<'_, Vec<BotEvent>> {
        self.0.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, event: BotEvent) {
        self.events().push(event);
        self.0.more.notify_waiters();
    }

    pub(crate) fn all(&self) -> Vec<BotEvent> {
        self.events().clone()
    }

    /// Waits for something that the author is told. What was told earlier counts too.
    pub(crate) async fn wait<T>(&self, find: impl Fn(&BotEvent) -> Option<T>) -> T {
        let found = async {
            loop {
                let more = self.0.more.notified();
                if let Some(found) = self.events().iter().find_map(&find) {
                    return found;
                }
                more.await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, found).await;
        found.unwrap_or_else(|_| panic!("the author was told no such thing: {:?}", self.all()))
    }
}
