//! The conformance suite over the channel. `cargo test --test conformance -- --list` names the trials.

mod platform;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use channel_template::{Account, Bot, Messenger};
use escalator::{
    async_trait,
    channel::{Ingress, Turn},
    hookpoint::{ServeSettings, serve},
    model::CustomerEvent,
};
use escalator_testkit::conformance::{
    Patience, Unsupported,
    channel::{self, Act, ChannelHarness, Connected, Customer, Fault, Platform, Shown},
    libtest_mimic::{self, Arguments},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::platform::{SECRET, StandIn, TOKEN};

fn main() {
    let trials = channel::trials("messenger", Harness);
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

struct Harness;

#[async_trait]
impl ChannelHarness for Harness {
    async fn platform(&self) -> Arc<dyn Platform> {
        Arc::new(Stand {
            platform: StandIn::start().await,
            heard: Arc::default(),
        })
    }

    fn patience(&self) -> Patience {
        Patience::default()
    }
}

struct Stand {
    platform: StandIn,
    heard: Arc<AtomicUsize>,
}

#[async_trait]
impl Platform for Stand {
    async fn connect(&self, ingress: Ingress, shutdown: CancellationToken) -> Connected {
        let account = Account {
            api: self.platform.url(),
            token: TOKEN.to_owned(),
            webhook_secret: SECRET.to_owned(),
        };
        let bot = Hears(Arc::clone(&self.heard));
        let messenger = Messenger::new(&account, ingress, bot).expect("the account's words are right");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port is there");
        let address = listener.local_addr().expect("it listens");
        self.platform.post_updates_to(format!("http://{address}/webhook"));
        let receiving = serve(listener, messenger.router(), shutdown, ServeSettings::default());
        Connected {
            debug: Some(format!("{messenger:?} {account:?}")),
            channel: Arc::new(messenger),
            receiving: Some(tokio::spawn(receiving)),
        }
    }

    async fn customer(&self, who: Customer, act: Act) -> Result<(), Unsupported> {
        self.platform.happens(who, act)
    }

    fn acknowledged(&self) -> Option<usize> {
        Some(self.platform.look(|world| world.acknowledged))
    }

    fn redelivers(&self) -> bool {
        true
    }

    fn heard(&self) -> usize {
        self.heard.load(Ordering::SeqCst)
    }

    fn shown(&self, to: Customer) -> Vec<Shown> {
        self.platform
            .look(|world| world.shown.get(&to).cloned().unwrap_or_default())
    }

    async fn set_fault(&self, fault: Fault) -> Result<(), Unsupported> {
        match fault {
            Fault::Unreachable => self.platform.close().await,
            Fault::Busy { .. }
            | Fault::ServerError
            | Fault::Silence
            | Fault::LostAnswer
            | Fault::Closed(_)
            | Fault::AccountRefused
            | Fault::LostAcknowledgement => self.platform.look(|world| world.fault = Some(fault)),
            _ => return Err(Unsupported),
        }
        Ok(())
    }

    async fn mend(&self) {
        self.platform.look(|world| world.fault = None);
        self.platform.open().await;
    }

    fn secrets(&self) -> Vec<String> {
        vec![TOKEN.to_owned(), SECRET.to_owned()]
    }
}

/// The bot: it hears, and says nothing.
struct Hears(Arc<AtomicUsize>);

#[async_trait]
impl Bot for Hears {
    async fn answer(&self, _: Turn, _: CustomerEvent, _: &Messenger) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}
