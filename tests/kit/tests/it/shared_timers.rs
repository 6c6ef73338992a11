//! The timers of a ledger that instances share, over a PostgreSQL of the test's own.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use escalator::{
    model::{
        Address, ChannelId, Clock, ConversationKey, CustomerEvent, CustomerId, DeskLimits, Escalation, EventKey,
        SessionId, Timestamp,
    },
    session::{Event, TimerKind, Verdict},
    store::{Accepted, DueTimer, Heartbeats, Incoming, Ledger, LedgerSettings, PostgresSettings, Store, Target},
};
use escalator_testkit::postgres::{Database, Server, database};

/// The time within which anything that is waited for must happen.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Where the tests' time begins.
const BEGIN: Timestamp = Timestamp::from_millis(1_790_000_000_000);

/// A clock that stands until the test moves it.
struct TestClock(AtomicI64);

impl TestClock {
    fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(BEGIN.as_millis())))
    }

    fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).expect("a test is short");
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

async fn fresh() -> Database {
    let made = tokio::task::spawn_blocking(database).await;
    made.expect("it does not panic").expect("a database can be made")
}

async fn instance(database: &Database, clock: &Arc<TestClock>, opening_max: Duration, beats: Heartbeats) -> Ledger {
    let mut postgres = PostgresSettings::default();
    postgres.lease = Duration::from_secs(3);
    postgres.heartbeats = beats;
    let mut settings = LedgerSettings::new(DeskLimits {
        message_chars_max: 10_000,
        file_bytes_max: 1 << 20,
    });
    settings.clock = Arc::clone(clock) as Arc<dyn Clock>;
    settings.policy.opening_max = opening_max;
    let opened = Ledger::postgres(database.url(), postgres, settings).await;
    opened.expect("the ledger can be opened")
}

/// A session that the desk has not taken, in a channel that the instance holds.
async fn opening(ledger: &Ledger) -> SessionId {
    let channel = ChannelId::new("test");
    ledger.hold(&channel).await;
    let escalate = Incoming {
        key: EventKey::new("escalate"),
        target: Target::Conversation(ConversationKey {
            channel,
            address: Address::new("chat"),
            customer: CustomerId::new("ada"),
        }),
        event: Event::Customer {
            position: None,
            event: CustomerEvent::Escalate(Box::new(Escalation::because("refund"))),
        },
        is_new: true,
    };
    let accepted = ledger.accept(vec![escalate]).await.expect("it is written");
    match accepted[..] {
        [Accepted::New(Verdict::Opened(session))] => session,
        ref other => panic!("the opening was answered {other:?}"),
    }
}

/// The timer comes.
async fn comes(ledger: &Ledger, session: SessionId) -> Verdict {
    let due = Incoming {
        key: EventKey::new("timer"),
        target: Target::Session(session),
        event: Event::Due {
            session,
            kind: TimerKind::Opening,
        },
        is_new: true,
    };
    match ledger.accept(vec![due]).await.expect("it is written")[..] {
        [Accepted::New(verdict)] => verdict,
        ref other => panic!("the timer was answered {other:?}"),
    }
}

async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let look = async {
        while !is_so().await {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::time::timeout(PATIENCE, look).await.expect(what);
}

#[tokio::test(flavor = "multi_thread")]
async fn shorter_settings_hold_for_what_was_set_before_once_the_instances_with_longer_ones_have_gone() {
    let (database, clock) = (fresh().await, TestClock::new());
    let (long, short) = (Duration::from_mins(10), Duration::from_mins(2));
    let older = instance(&database, &clock, long, Heartbeats::default()).await;
    let session = opening(&older).await;
    assert_eq!(older.due_timers().await, (Vec::new(), Some(BEGIN + long)));

    let newer = instance(&database, &clock, short, Heartbeats::default()).await;
    until("it is brought forward", async || {
        newer.due_timers().await.1 == Some(BEGIN + short)
    })
    .await;
    clock.advance(short);
    assert_eq!(
        comes(&older, session).await,
        Verdict::Kept,
        "by its settings it is too early"
    );
    assert_eq!(older.due_timers().await, (Vec::new(), Some(BEGIN + long)));
    older.close().await;

    let timer = DueTimer {
        session,
        kind: TimerKind::Opening,
        due: BEGIN + short,
    };
    until("it is brought forward again", async || {
        newer.due_timers().await == (vec![timer], None)
    })
    .await;
    assert_eq!(comes(&newer, session).await, Verdict::Kept);
    let standing = newer.standing(session).await.expect("it can be read");
    assert!(standing.is_none(), "by its settings the opening took too long");
    newer.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn longer_settings_hold_for_what_was_set_before() {
    let (database, clock) = (fresh().await, TestClock::new());
    let (short, long) = (Duration::from_mins(2), Duration::from_mins(10));
    let older = instance(&database, &clock, short, Heartbeats::default()).await;
    let session = opening(&older).await;
    older.close().await;
    let newer = instance(&database, &clock, long, Heartbeats::default()).await;
    clock.advance(short);
    assert_eq!(newer.due_timers().await.0.len(), 1, "it keeps its time");
    assert_eq!(comes(&newer, session).await, Verdict::Kept);
    assert_eq!(newer.due_timers().await, (Vec::new(), Some(BEGIN + long)));
    newer.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_was_cut_off_lets_what_was_missed_come_in_before_its_timers() {
    let (database, clock) = (fresh().await, TestClock::new());
    let beats = Heartbeats::default();
    let ledger = instance(&database, &clock, OPENING_MAX, beats.clone()).await;
    opening(&ledger).await;
    beats.hold_back();
    no_timer_comes(&ledger, &clock).await;
    beats.go_on();
    what_was_missed_comes_first(&ledger, &clock).await;
    ledger.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_outage_of_the_database_kept_out_comes_in_before_the_timers() {
    let (server, database) = tokio::task::block_in_place(|| {
        let server = Server::start().expect("PostgreSQL is there");
        let database = server.database().expect("it is made");
        (server, database)
    });
    let clock = TestClock::new();
    let ledger = instance(&database, &clock, OPENING_MAX, Heartbeats::default()).await;
    opening(&ledger).await;
    tokio::task::block_in_place(|| server.stop()).expect("it ends");
    no_timer_comes(&ledger, &clock).await;
    tokio::task::block_in_place(|| server.start_again()).expect("it comes back");
    what_was_missed_comes_first(&ledger, &clock).await;
    ledger.close().await;
}

const OPENING_MAX: Duration = Duration::from_mins(2);

/// The instance sees that it is cut off, and its timer runs out.
async fn no_timer_comes(ledger: &Ledger, clock: &TestClock) {
    until("it knows that it is cut off", async || !ledger.is_healthy()).await;
    clock.advance(OPENING_MAX * 9);
    let (due, next) = ledger.due_timers().await;
    assert_eq!(due, []);
    assert!(next.is_some_and(|next| next > clock.now()), "{next:?}");
}

async fn what_was_missed_comes_first(ledger: &Ledger, clock: &TestClock) {
    // Of the connections that it had, some may still fail.
    let caught_up = clock.now() + Duration::from_secs(30);
    until("it is back", async || {
        let (due, next) = ledger.due_timers().await;
        assert_eq!(due, []);
        next == Some(caught_up)
    })
    .await;
    clock.advance(caught_up.since(clock.now()));
    until("the timer comes", async || ledger.due_timers().await.0.len() == 1).await;
}
