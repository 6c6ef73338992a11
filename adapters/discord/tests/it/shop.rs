//! A shop: a fake Discord, a desk, and the whole house between them, which can be closed and opened again.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use escalator::{
    dispatch::DispatchSettings,
    model::{Policy, SolvedQuestion},
    omnidesk::{Account, AccountToken, AgentText, BrandId, ChatUrl, Omnidesk, OmnideskConfig, ServerToken},
    runtime::{Database, Escalator, Running},
};
use escalator_discord::{Discord, Settings};
use escalator_testkit::{
    desk::{DeskSimulator, Party, Session},
    discord::FakeDiscord,
};
use tempfile::TempDir;

use super::rig::{Client, Heard, SOON, channel};

/// What stands around the house.
pub(crate) struct Shop {
    pub(crate) fake: FakeDiscord,
    pub(crate) desk: DeskSimulator,
    /// How an agent's text is written.
    pub(crate) agent_text: AgentText,
    folder: TempDir,
    hookpoint: SocketAddr,
}

/// The house, open.
pub(crate) struct Open {
    pub(crate) heard: Heard,
    pub(crate) running: Running,
    pub(crate) client: Client,
}

impl Shop {
    pub(crate) async fn build() -> Self {
        let port = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        Self {
            fake: FakeDiscord::builder().start().await.expect("it starts"),
            desk: DeskSimulator::builder().start().await.expect("it starts"),
            agent_text: AgentText::Plain,
            folder: tempfile::tempdir().expect("there is room"),
            hookpoint: port.local_addr().expect("it is bound"),
        }
    }

    pub(crate) async fn open(&self, settings: Settings) -> Open {
        let (running, discord) = self.open_unconnected(settings).await;
        let heard = Heard::default();
        let client = Client::start(&self.fake, &discord, &heard).await;
        Open { heard, running, client }
    }

    /// Opens the house, and leaves the bot without a session of the gateway.
    pub(crate) async fn open_unconnected(&self, settings: Settings) -> (Running, Discord) {
        let mut dispatch = DispatchSettings::default();
        dispatch.channel.pace = Duration::ZERO;
        dispatch.retry.first_wait = Duration::from_millis(50);
        dispatch.retry.wait_max = Duration::from_millis(500);
        let mut policy = Policy::default();
        policy.solved_question = SolvedQuestion::AsDeskSays;
        let database = format!("sqlite:{}", self.folder.path().join("shop.db").display());
        let house = Escalator::builder(self.omnidesk())
            .database(Database::parse(&database).expect("it is one"))
            .hookpoint_listen(self.hookpoint)
            .policy(policy)
            .dispatch(dispatch);
        let mut house = house.open().await.expect("the house opens");
        let discord = channel(&self.fake, house.ingress("discord"), settings);
        house.connect(Arc::new(discord.clone())).expect("the name is free");
        let running = house.start().await.expect("the house starts");
        (running, discord)
    }

    fn omnidesk(&self) -> Omnidesk {
        let account = Account::parse(&self.desk.url()).expect("it is an address");
        let token = AccountToken::new(self.desk.account_token()).expect("it is one");
        let mut config = OmnideskConfig::new(account, token);
        config.chat_url = ChatUrl::parse(&self.desk.url()).expect("it is an address");
        config.server_token = Some(ServerToken::new(self.desk.server_token()).expect("it is one"));
        config.brand_id = Some(BrandId::new("1").expect("it is one"));
        config.agent_text = self.agent_text;
        Omnidesk::new(config).expect("it is whole")
    }

    /// Waits until the desk's newest session is as wanted.
    pub(crate) async fn session(&self, wanted: impl Fn(&Session) -> bool) -> Session {
        let found = self.desk.wait_for(SOON, |desk| {
            desk.sessions().next_back().filter(|session| wanted(session)).cloned()
        });
        found.await.expect("the desk has it")
    }

    /// Waits until one of the desk's sessions is as wanted.
    pub(crate) async fn one(&self, wanted: impl Fn(&Session) -> bool) -> Session {
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
}

impl Open {
    pub(crate) async fn close(self) {
        self.client.stop().await;
        self.running.shutdown().await;
    }
}
