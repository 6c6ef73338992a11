//! Starting, watching and stopping, over a desk and a channel that do as each test says.

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Builder, Database, Escalator, StartError, running, supervise};
use crate::{
    channel::{Capabilities, ChannelError, ChatDelivery, EscalationChannel, Ingress},
    delivery::{Availability, OpenedFile, Outcome, Scope},
    desk::{Desk, DeskDelivery, DeskSession, Hook, HookAnswer, HookError, HookFields, HookKind},
    hookpoint::HookpointUrlError,
    model::{ConversationKey, DeskLimits, Escalation, FileRef, Signal},
    store::{
        SettleAs, Store,
        rig::{CHAT, Place, agent_ends, agent_says, claim, deliver_all, door, key, settle, with_agent, within},
    },
};

/// How many calls, or runs, are under way.
type UnderWay = watch::Sender<usize>;

/// A desk that takes every call and never answers one.
#[derive(Clone, Default)]
struct SilentDesk {
    calls: UnderWay,
    refuses: bool,
}

#[async_trait]
impl Desk for SilentDesk {
    fn limits(&self) -> DeskLimits {
        DeskLimits {
            message_chars_max: 10_000,
            file_bytes_max: 1 << 20,
        }
    }

    async fn deliver(&self, _: DeskDelivery<'_>) -> Outcome {
        let _call = Counted::new(&self.calls);
        std::future::pending().await
    }

    async fn signal(&self, _: DeskSession<'_>, _: Signal) -> Outcome {
        Outcome::delivered()
    }

    async fn availability(&self, _: &str) -> Result<Availability, Outcome> {
        if self.refuses {
            let detail = "as the test wants it".to_owned();
            let scope = Scope::Door;
            return Err(Outcome::Refused { detail, scope });
        }
        Ok(Availability::default())
    }

    fn hook_kind(&self, _: &str) -> Option<HookKind> {
        None
    }

    fn read_hook(&self, _: HookKind, _: &HookFields) -> Result<Hook, HookError> {
        unreachable!("no hook has a kind here")
    }

    fn hook_answer(&self, _: HookKind) -> HookAnswer {
        unreachable!("no hook has a kind here")
    }
}

struct Counted(UnderWay);

impl Counted {
    fn new(under_way: &UnderWay) -> Self {
        under_way.send_modify(|count| *count += 1);
        Self(under_way.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

type Run = Box<dyn FnOnce(Ingress, CancellationToken) -> BoxFuture<'static, Result<(), ChannelError>> + Send>;

/// A channel whose runs are as the test says, one after the other.
struct Acts {
    ingress: Ingress,
    runs: Mutex<VecDeque<Run>>,
}

impl Acts {
    fn new(ingress: Ingress, runs: impl IntoIterator<Item = Run>) -> Arc<Self> {
        Arc::new(Self {
            ingress,
            runs: Mutex::new(runs.into_iter().collect()),
        })
    }

    fn left(&self) -> usize {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// One run.
fn acts<F>(run: impl FnOnce(Ingress, CancellationToken) -> F + Send + 'static) -> Run
where
    F: Future<Output = Result<(), ChannelError>> + Send + 'static,
{
    Box::new(|ingress, shutdown| Box::pin(run(ingress, shutdown)))
}

#[async_trait]
impl EscalationChannel for Acts {
    fn capabilities(&self) -> Capabilities {
        Capabilities::text_only(CHAT.limits)
    }

    fn ingress(&self) -> &Ingress {
        &self.ingress
    }

    async fn run(&self, shutdown: CancellationToken) -> Result<(), ChannelError> {
        let run = self.runs.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        run.expect("it is not run more often than the test says")(self.ingress.clone(), shutdown).await
    }

    async fn deliver(&self, _: ChatDelivery<'_>) -> Outcome {
        Outcome::delivered()
    }

    async fn fetch(&self, _: &FileRef) -> Result<OpenedFile, Outcome> {
        Err(Outcome::rejected("there are no files here"))
    }

    async fn signal(&self, _: &ConversationKey, _: Signal) {}
}

fn builder(desk: &SilentDesk) -> Builder {
    Escalator::builder(desk.clone()).database(Database::Memory)
}

async fn house(desk: &SilentDesk) -> Escalator {
    let house = builder(desk).hookpoint_url("https://bot.example/hooks");
    house.open().await.expect("it can be opened")
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_fails_or_panics_runs_again_and_one_at_its_end_does_not() {
    let house = house(&SilentDesk::default()).await;
    let channel = Acts::new(
        house.ingress("test"),
        [
            acts(|_, _| async { panic!("as the test wants it") }),
            acts(|_, _| async { Err(ChannelError::new("as the test wants it")) }),
            acts(|_, _| async { Ok(()) }),
            acts(|_, _| async { Ok(()) }),
        ],
    );
    let runs: Arc<dyn EscalationChannel> = Arc::<Acts>::clone(&channel);
    let stop = CancellationToken::new();
    let ended = tokio::time::timeout(Duration::from_mins(1), supervise::run(&runs, &stop));
    assert!(ended.await.expect("it comes to its end"), "its input is at its end");
    assert_eq!(channel.left(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_said_while_the_house_stops_is_written_down() {
    let (mut house, runs) = (house(&SilentDesk::default()).await, UnderWay::default());
    let run = runs.clone();
    let channel = Acts::new(
        house.ingress("test"),
        [acts(move |ingress, shutdown| async move {
            let _run = Counted::new(&run);
            shutdown.cancelled().await;
            tokio::time::sleep(Duration::from_secs(5)).await;
            let turn = ingress.turn(&key(1)).expect("the bot owns it");
            let said = turn.say("goodbye", async { Ok::<_, Infallible>(()) });
            said.await.expect("the bot owns it");
            Ok(())
        })],
    );
    let turn = channel.ingress.turn(&key(1)).expect("the bot owns it");
    house.connect(channel).expect("its name is its own");
    let running = house.start().await.expect("the desk knows us");
    let mut runs = runs.subscribe();
    within(runs.wait_for(|count| *count == 1)).await.expect("it is kept");
    assert!(running.shutdown().await);
    assert!(turn.seat().is_idle(), "nothing stands in memory alone");
}

#[tokio::test(start_paused = true)]
async fn past_its_limit_a_shutdown_cuts_off_what_is_under_way() {
    let desk = SilentDesk::default();
    let (mut house, runs) = (house(&desk).await, UnderWay::default());
    house.builder.dispatch.desk.call_max = Duration::from_hours(24);
    let run = runs.clone();
    let channel = Acts::new(
        house.ingress("test"),
        [acts(move |_, _| async move {
            let _run = Counted::new(&run);
            std::future::pending().await
        })],
    );
    house.connect(Arc::clone(&channel) as _).expect("its name is its own");
    let running = house.start().await.expect("the desk knows us");
    let turn = channel.ingress.turn(&key(1)).expect("the bot owns it");
    channel
        .escalate(turn, Escalation::default())
        .await
        .expect("it is committed");
    let mut under_way = [desk.calls.subscribe(), runs.subscribe()];
    for count in &mut under_way {
        within(count.wait_for(|count| *count == 1)).await.expect("it is kept");
    }
    assert!(!running.shutdown().await);
    for count in &mut under_way {
        within(count.wait_for(|count| *count == 0)).await.expect("it is kept");
    }
}

#[tokio::test]
async fn a_desk_that_refuses_us_keeps_the_house_closed_only_while_no_session_stands() {
    let desk = SilentDesk {
        refuses: true,
        ..SilentDesk::default()
    };
    let refused = house(&desk).await.start().await;
    assert!(matches!(refused, Err(StartError::DeskRefused(_))), "{refused:?}");

    let house = house(&desk).await;
    let channel = Acts::new(house.ingress("test"), []);
    let turn = channel.ingress.turn(&key(1)).expect("the bot owns it");
    channel
        .escalate(turn, Escalation::default())
        .await
        .expect("it is committed");
    let running = house.start().await.expect("its hooks must find somebody");
    assert!(running.health().ready);
}

#[tokio::test]
async fn an_address_that_no_desk_can_be_told_is_refused_unless_another_is_set() {
    let desk = SilentDesk::default();
    for address in ["0.0.0.0:0", "[::]:0", "[::1]:0"] {
        let address = address.parse().expect("an address");
        let refused = builder(&desk).hookpoint_listen(address).open().await;
        assert!(
            matches!(&refused, Err(StartError::HookpointUrl(HookpointUrlError::ServedAt(named))) if *named == address),
            "{refused:?}"
        );
        let said = refused.expect_err("it is refused").to_string();
        assert!(said.contains("set its public address"), "{said}");
    }
    let anywhere = "0.0.0.0:0".parse().expect("an address");
    let house = builder(&desk)
        .hookpoint_listen(anywhere)
        .hookpoint_url("https://bot.example/hooks");
    house.open().await.expect("the desk is told another");
    let here = "127.0.0.1:0".parse().expect("an address");
    builder(&desk)
        .hookpoint_listen(here)
        .open()
        .await
        .expect("a desk on this machine reaches it");
}

#[tokio::test]
async fn what_is_set_wrong_is_told_before_the_ledger_is_opened() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let database = Database::Sqlite(folder.path().join("e.db"));
    let desk = SilentDesk::default();
    let set = |url: &str, secret: &str| {
        let house = builder(&desk).database(database.clone());
        house.hookpoint_url(url).hookpoint_secret(secret).open()
    };
    let url = set("bot.example.com/omnidesk", "4f1c0000000000000000").await;
    assert!(matches!(url, Err(StartError::HookpointUrl(_))), "{url:?}");
    let secret = set("https://bot.example.com/omnidesk", "short").await;
    assert!(matches!(secret, Err(StartError::HookpointSecret(_))), "{secret:?}");
    let left = std::fs::read_dir(folder.path()).expect("it is a folder").count();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_dead_letter_of_a_channel_that_is_long_gone_has_a_door_at_which_it_can_be_sent_again() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let session = with_agent(&ledger, 1, 1).await;
        deliver_all(&ledger).await;
        let says = agent_says(session, "is anybody there?");
        ledger.accept(vec![says]).await.expect("it is written");
        let head = claim(&ledger, &door()).await.remove(0);
        let dead = SettleAs::Dead {
            detail: "blocked".to_owned(),
            maybe_sent: false,
        };
        settle(&ledger, &head, dead).await;
        ledger.accept(vec![agent_ends(session)]).await.expect("it is written");
        deliver_all(&ledger).await;
        place.clock.advance(Duration::from_hours(9 * 24));

        let ledger = place.reopen(ledger).await;
        assert!(ledger.owners().channels().is_empty(), "nobody knows the channel");
        assert_eq!(ledger.doors().await, []);
        assert_eq!(running::doors(&ledger).await, [door()]);
        ledger.close().await;
    }
}
