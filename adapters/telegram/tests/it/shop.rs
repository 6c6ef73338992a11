//! A shop: a fake Telegram, a desk, and the whole house between them.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use escalator::{
    dispatch::DispatchSettings,
    model::Policy,
    omnidesk::{Account, AccountToken, BrandId, ChatUrl, Omnidesk, OmnideskConfig, ServerToken},
    runtime::{Database, Escalator},
};
use escalator_telegram::{Settings, Telegram, client, polling};
use escalator_testkit::{
    desk::{DeskSimulator, Party, Reply, Session},
    telegram::{Chat, FakeTelegram, PressAnswer},
};
use teloxide::{
    Bot,
    dispatching::{DefaultKey, Dispatcher},
    dptree,
    error_handlers::LoggingErrorHandler,
};
use tokio::task::JoinHandle;

use super::rig::{Failed, SOON, Seen, TOKEN, authors_handlers};

pub(crate) struct Shop {
    pub(crate) fake: FakeTelegram,
    pub(crate) desk: DeskSimulator,
    pub(crate) bot: Bot,
    /// What reached the author's handlers.
    pub(crate) seen: Seen,
    telegram: Telegram<Bot>,
    running: escalator::runtime::Running,
    dispatching: JoinHandle<()>,
}

impl Shop {
    pub(crate) async fn open(policy: Policy, settings: Settings) -> Self {
        let fake = FakeTelegram::builder().token(TOKEN).start().await.expect("it starts");
        let desk = DeskSimulator::builder().start().await.expect("it starts");
        let mut dispatch = DispatchSettings::default();
        dispatch.channel.pace = Duration::ZERO;
        let house = Escalator::builder(omnidesk(&desk))
            .database(Database::Memory)
            .hookpoint_listen(SocketAddr::from(([127, 0, 0, 1], 0)))
            .policy(policy)
            .dispatch(dispatch);
        let mut house = house.open().await.expect("the house opens");
        let bot = client(TOKEN, Some(&fake.url())).expect("token and address are right");
        let telegram = Telegram::with_settings(bot.clone(), house.ingress("telegram"), settings);
        house.connect(Arc::new(telegram.clone())).expect("the name is free");
        let running = house.start().await.expect("the house starts");
        let seen = Seen::default();
        let (listener, handlers) = telegram.install(polling(bot.clone()), authors_handlers());
        let mut dispatcher: Dispatcher<Bot, Failed, DefaultKey> = Dispatcher::builder(bot.clone(), handlers)
            .dependencies(dptree::deps![telegram.clone(), seen.clone()])
            .build();
        let dispatching = tokio::spawn(async move {
            dispatcher
                .dispatch_with_listener(listener, LoggingErrorHandler::new())
                .await;
        });
        Self {
            fake,
            desk,
            bot,
            seen,
            telegram,
            running,
            dispatching,
        }
    }

    pub(crate) async fn close(self) {
        self.telegram.stop();
        self.dispatching.await.expect("the dispatcher ends well");
        assert!(self.running.shutdown().await, "nothing was left to do");
        assert_eq!(self.fake.violations(), []);
    }

    /// Waits until one of the desk's sessions is as wanted.
    pub(crate) async fn session(&self, wanted: impl Fn(&Session) -> bool) -> Session {
        let found = self
            .desk
            .wait_for(SOON, |desk| desk.sessions().find(|session| wanted(session)).cloned());
        found.await.expect("the desk has it")
    }

    /// Waits until the agent has read a line of the customer.
    pub(crate) async fn agent_reads(&self, line: &str) -> Session {
        self.session(|session| session.texts(Party::Customer).iter().any(|text| text.contains(line)))
            .await
    }

    /// An agent takes the session and ends it.
    pub(crate) async fn served(&self, session: &Session) {
        let reply = Reply::new("Done.", "Anna");
        self.desk.reply(&session.id, reply).await.expect("the hook is answered");
        self.desk.end(&session.id).await.expect("the hook is answered");
    }

    /// Waits for the answer to a customer's latest press.
    pub(crate) async fn answer(&self, chat: &Chat) -> PressAnswer {
        let answer = self
            .fake
            .wait_for(SOON, |world| world.chat(chat.id())?.presses().last()?.answer.clone());
        answer.await.expect("it is answered")
    }
}

fn omnidesk(desk: &DeskSimulator) -> Omnidesk {
    let account = Account::parse(&desk.url()).expect("it is an address");
    let token = AccountToken::new(desk.account_token()).expect("it is one");
    let mut config = OmnideskConfig::new(account, token);
    config.chat_url = ChatUrl::parse(&desk.url()).expect("it is an address");
    config.server_token = Some(ServerToken::new(desk.server_token()).expect("it is one"));
    config.brand_id = Some(BrandId::new("1").expect("it is one"));
    Omnidesk::new(config).expect("it is whole")
}
