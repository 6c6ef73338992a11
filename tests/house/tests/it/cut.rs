//! Ledgers and houses on one PostgreSQL, of which one has a cable that is cut, goes silent, or loses a COMMIT.

use std::{sync::Arc, time::Duration};

use escalator::{
    delivery::{Door, Receipt},
    model::{
        Address, ChannelId, ConversationKey, CustomerEvent, CustomerId, CustomerMessage, DeskLimits, Escalation,
        EventKey, Position, SessionId, Timestamp,
    },
    runtime::Database,
    session::{Event, Verdict},
    store::{
        Accepted, Claimed, Heartbeats, Incoming, Ledger, LedgerSettings, PostgresSettings, Recorded, Settle, SettleAs,
        Store, StoreError, Target,
    },
};
use escalator_testkit::postgres;
use reqwest::Url;

use crate::{
    cable::{Cable, Lost},
    home::{Instance, Plan},
    street::{PATIENCE, Street},
};

/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What an opening writes, and nothing else.
const OPENING: &str = "INSERT INTO sessions";

/// What a claim writes, and nothing else.
const CLAIM: &str = "fence = nextval('fences') FROM due";

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_is_answered_as_it_was_made() {
    let ends = Ends::build(Duration::from_secs(2)).await;
    ends.cable.lose(OPENING, Lost::Answer);
    let session = open(&ends.first, 1).await;
    within(ends.cable.lost()).await;
    let ownership = ends.first.owners().get(&key(1)).expect("it is known");
    assert_eq!(ownership.session.map(|standing| standing.id), Some(session));
    let elsewhere = ends.second.standing(session).await.expect("it is read");
    assert_eq!(elsewhere.map(|(of, _)| of), Some(key(1)));
    let again = ends.first.accept(vec![escalate(1)]).await.expect("it is answered");
    assert_eq!(again, [Accepted::Duplicate]);
    ends.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_never_arrived_is_made_again_once_it_is_certain() {
    let ends = Ends::build(Duration::from_secs(2)).await;
    // Its transaction stands still at the database, which was not told.
    ends.cable.lose(OPENING, Lost::Request);
    let session = open(&ends.first, 1).await;
    within(ends.cable.lost()).await;
    let sessions = ends
        .second
        .sessions(Timestamp::default(), 9)
        .await
        .expect("they are read");
    let sessions: Vec<SessionId> = sessions.into_iter().map(|facts| facts.session).collect();
    assert_eq!(sessions, [session]);
    ends.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_never_arrives_is_refused_and_leaves_nothing() {
    let ends = Ends::build(Duration::from_secs(2)).await;
    let losing = async {
        for _ in 0..2 {
            ends.cable.lose(OPENING, Lost::Request);
            within(ends.cable.lost()).await;
        }
    };
    let (refused, ()) = tokio::join!(ends.first.accept(vec![escalate(1)]), losing);
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    assert!(ends.first.owners().get(&key(1)).is_none());
    let sessions = ends
        .second
        .sessions(Timestamp::default(), 9)
        .await
        .expect("they are read");
    assert_eq!(sessions.len(), 0);
    // So the same can be brought again, and is new.
    open(&ends.first, 1).await;
    ends.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_stays_in_doubt_is_known_when_the_ledger_is_back() {
    let ends = Ends::build(Duration::from_secs(2)).await;
    ends.cable.lose(OPENING, Lost::AnswerAndAll);
    let answered = ends.first.accept(vec![escalate(1)]).await;
    assert!(matches!(answered, Err(StoreError::InDoubt { .. })), "{answered:?}");
    assert!(!ends.first.is_healthy());
    ends.cable.mend();
    let is_humans = || ends.first.owners().get(&key(1)).is_some_and(|owner| owner.is_human());
    until("who owns the conversation is read anew", is_humans).await;
    // Its lease may have come to its end meanwhile.
    within(ends.first.hold(&channel())).await;
    let again = ends.first.accept(vec![escalate(1)]).await.expect("it is answered");
    assert_eq!(again, [Accepted::Duplicate]);
    until("the ledger is ready again", || ends.first.is_healthy()).await;
    ends.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_is_committed_after_its_lease_is_fenced_and_goes_to_the_other_instance() {
    // A transaction may stand still for longer than is left of the lease.
    let ends = Ends::build(Duration::from_secs(8)).await;
    open(&ends.first, 1).await;
    ends.heartbeats.hold_back();
    ends.database_says(
        "SELECT count(*) FROM instances WHERE alive_until < clock_timestamp() + interval '1.5 s'",
        "1",
    )
    .await;
    ends.cable.lose(CLAIM, Lost::Late);
    let late = async {
        within(ends.cable.lost()).await;
        ends.database_says(
            "SELECT count(*) FROM instances WHERE alive_until > clock_timestamp()",
            "1",
        )
        .await;
        ends.cable.let_go();
    };
    let (claims, ()) = tokio::join!(ends.first.claim(&Door::Desk, 9), late);
    let claimed = claims.expect("it is committed, late").claimed;
    let before = claimed.first().expect("it was handed out");
    assert!(!before.lease.is_held(), "nothing is done under a lease that is over");
    let head = first_claim(&ends.second).await;
    assert_eq!(head.id, before.id);
    assert!(head.lease.is_held());
    assert_eq!(settle(&ends.first, before).await.ok(), Some(Recorded::Fenced));
    assert_eq!(settle(&ends.second, &head).await.ok(), Some(Recorded::Done));
    // It comes back as another, without a restart.
    ends.heartbeats.go_on();
    until("the ledger is ready again", || ends.first.is_healthy()).await;
    let next = first_claim(&ends.first).await;
    assert!(next.id.seq > head.id.seq, "{} after {}", next.id, head.id);
    ends.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_falls_silent_loses_its_lanes_and_channel_and_no_line_and_comes_back() {
    let ends = Ends::build(Duration::from_secs(2)).await;
    open(&ends.first, 1).await;
    let before = first_claim(&ends.first).await;
    let kept = ends.first.accept(vec![says(1, 2)]).await.expect("it is written");
    assert_eq!(kept, [Accepted::New(Verdict::Kept)]);
    ends.cable.go_silent();
    let channel = channel();
    let (lost, taken) = tokio::join!(ends.first.accept(vec![says(1, 3)]), within(ends.second.hold(&channel)));
    assert!(lost.is_err(), "what nobody answers is not acknowledged: {lost:?}");
    assert!(taken.is_held());
    assert!(!ends.first.holds(&channel), "it was lost before another had it");
    assert!(!before.lease.is_held());
    assert!(!ends.first.is_healthy());
    let head = first_claim(&ends.second).await;
    assert_eq!(head.id, before.id, "the other instance goes on");
    assert_eq!(settle(&ends.second, &head).await.ok(), Some(Recorded::Done));
    // What the silent one held up comes after all, and does no harm.
    ends.cable.mend();
    until("it comes back", || ends.first.is_healthy()).await;
    assert_eq!(settle(&ends.first, &before).await.ok(), Some(Recorded::Fenced));
    let refused = ends.first.accept(vec![escalate(2)]).await;
    assert!(refused.is_err(), "the channel is the other's: {refused:?}");
    // The line comes again, as the platform brings it, and is new.
    let kept = ends.first.accept(vec![says(1, 3)]).await.expect("it is written");
    assert_eq!(kept, [Accepted::New(Verdict::Kept)]);
    let mut said = Vec::new();
    while said.len() < 2 {
        // The desk is served by both.
        let at = if said.is_empty() { &ends.first } else { &ends.second };
        let claimed = first_claim(at).await;
        let text = claimed.payload.readable().map(|text| text.as_str().to_owned());
        said.extend(text.filter(|text| text.starts_with("line")));
        assert_eq!(settle(at, &claimed).await.ok(), Some(Recorded::Done));
    }
    assert_eq!(said, ["line 2", "line 3"]);
    ends.second.close().await;
    let taken = within(ends.first.hold(&channel)).await;
    assert!(taken.is_held(), "it receives again when the other is gone");
    ends.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_a_human_gets_one_whatever_is_lost_of_the_commit() {
    let (street, database) = (Street::build().await, database().await);
    let (cable, url) = cable_to(&database).await;
    let instance = Instance {
        database: Database::parse(&url).expect("it is one"),
        postgres: settings(Duration::from_secs(2), Heartbeats::default()),
        hookpoint_url: None,
    };
    let plan = Plan {
        instance: Some(instance),
        ..Plan::default()
    };
    let house = street.open(plan).await;
    let lost = [Lost::Answer, Lost::Request, Lost::AnswerAndAll];
    for (name, lost) in ["Ada", "Ben", "Cleo"].into_iter().zip(lost) {
        cable.lose(OPENING, lost);
        let losing = async {
            within(cable.lost()).await;
            if lost == Lost::AnswerAndAll {
                until("the house notices", || !house.running.health().ready).await;
                cable.mend();
            }
        };
        let (talk, ()) = tokio::join!(street.talk(name), losing);
        assert_eq!(talk.sessions().len(), 1, "{lost:?}");
    }
    street.nobody_complains();
    house.shutdown().await;
}

/// Two instances; the first has a cable, and the channel.
struct Ends {
    cable: Cable,
    heartbeats: Heartbeats,
    first: Arc<Ledger>,
    second: Arc<Ledger>,
    database: Arc<postgres::Database>,
}

impl Ends {
    async fn build(busy_max: Duration) -> Self {
        let database = database().await;
        let (cable, url) = cable_to(&database).await;
        let heartbeats = Heartbeats::default();
        let first = instance(&url, busy_max, heartbeats.clone()).await;
        within(first.hold(&channel())).await;
        let second = instance(database.url(), busy_max, Heartbeats::default()).await;
        Self {
            cable,
            heartbeats,
            first,
            second,
            database: Arc::new(database),
        }
    }

    /// Waits until the database answers so.
    async fn database_says(&self, statement: &'static str, wanted: &str) {
        let asking = async {
            loop {
                let database = Arc::clone(&self.database);
                let asked = tokio::task::spawn_blocking(move || database.run(&[statement])).await;
                if asked.expect("it does not panic").expect("it is answered") == wanted {
                    return;
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        within(asking).await;
    }

    async fn close(self) {
        self.first.close().await;
        self.second.close().await;
    }
}

async fn database() -> postgres::Database {
    let made = tokio::task::spawn_blocking(postgres::database).await;
    made.expect("it does not panic").expect("a database can be made")
}

/// A cable to a database, and the address at its near end.
async fn cable_to(database: &postgres::Database) -> (Cable, String) {
    let mut url = Url::parse(database.url()).expect("it is one");
    let host = url.host_str().expect("it has a host").to_owned();
    let server = tokio::net::lookup_host((host, url.port().unwrap_or(5432))).await;
    let server = server.expect("it is found").next().expect("it has an address");
    let cable = Cable::to(server).await;
    url.set_host(Some("127.0.0.1")).expect("it can have one");
    url.set_port(Some(cable.address().port())).expect("it can have one");
    // What is said can be read.
    url.query_pairs_mut().append_pair("sslmode", "disable");
    (cable, url.into())
}

fn settings(busy_max: Duration, heartbeats: Heartbeats) -> PostgresSettings {
    let mut postgres = PostgresSettings::default();
    postgres.lease = Duration::from_secs(3);
    postgres.busy_max = busy_max;
    postgres.heartbeats = heartbeats;
    postgres
}

async fn instance(url: &str, busy_max: Duration, heartbeats: Heartbeats) -> Arc<Ledger> {
    let ledger = LedgerSettings::new(DeskLimits {
        message_chars_max: 10_000,
        file_bytes_max: 1 << 20,
    });
    let opened = Ledger::postgres(url, settings(busy_max, heartbeats), ledger).await;
    Arc::new(opened.expect("it can be opened"))
}

/// The first thing that an instance is handed for the desk.
async fn first_claim(ledger: &Ledger) -> Claimed {
    let claiming = async {
        loop {
            // One that is cut off answers nothing.
            if let Ok(claims) = ledger.claim(&Door::Desk, 1).await
                && let Some(claimed) = claims.claimed.into_iter().next()
            {
                return claimed;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    within(claiming).await
}

async fn settle(ledger: &Ledger, claimed: &Claimed) -> Result<Recorded, StoreError> {
    let receipt = match claimed.payload.word() {
        "desk.availability" => Receipt::Availability(escalator::delivery::Availability::default()),
        _ => Receipt::None,
    };
    let settle = Settle {
        id: claimed.id,
        payload: claimed.payload.clone(),
        as_: SettleAs::Delivered(receipt),
        lease: claimed.lease.clone(),
    };
    ledger.settle(settle).await
}

/// Hands the conversation of a number over.
async fn open(ledger: &Ledger, n: u32) -> SessionId {
    let accepted = ledger.accept(vec![escalate(n)]).await.expect("it is committed");
    match accepted[..] {
        [Accepted::New(Verdict::Opened(session))] => session,
        ref other => panic!("the opening was answered {other:?}"),
    }
}

async fn within<T>(what: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(PATIENCE, what).await;
    done.expect("it happens in time")
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    let done = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(done.is_ok(), "not in time: {what}");
}

fn channel() -> ChannelId {
    ChannelId::new("test")
}

fn key(n: u32) -> ConversationKey {
    ConversationKey {
        channel: channel(),
        address: Address::new(format!("chat-{n}")),
        customer: CustomerId::new(format!("customer-{n}")),
    }
}

fn escalate(n: u32) -> Incoming {
    let escalation = Escalation::because("the customer asked");
    of_customer(n, 1, CustomerEvent::Escalate(Box::new(escalation)))
}

fn says(n: u32, position: i64) -> Incoming {
    let message = CustomerMessage::text(format!("line {position}"));
    of_customer(n, position, CustomerEvent::Message(message))
}

fn of_customer(n: u32, position: i64, event: CustomerEvent) -> Incoming {
    Incoming {
        key: EventKey::new(format!("test:{n}:{position}")),
        target: Target::Conversation(key(n)),
        event: Event::Customer {
            position: Some(Position(position)),
            event,
        },
        is_new: false,
    }
}
