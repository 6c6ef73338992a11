//! What only a database on a disk can do or suffer.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use futures::{FutureExt, poll};
use sqlx::{ConnectOptions, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};
use uuid::Uuid;

use super::{
    SqliteBackend, SqliteSettings,
    columns::{delivery, read},
    load::KNOWN_BY_HEART,
    read::ROW,
    statement::{fetch, run},
};
use crate::{
    delivery::{DeliveryId, DeskPayload, Door, Lane, Payload, Receipt},
    model::{
        Address, ChannelId, ConversationId, ConversationKey, CustomerId, EventKey, HookAddress, Line, Profile,
        SessionId, Timestamp,
    },
    session::{Asks, Conversation, Session, Speaking, State, Told, Watch},
    store::{
        LettersOf, StoreError,
        backend::{Backend, Changes, NewRow, Wanted, WantedMore},
        stored::decode,
    },
};

impl SqliteBackend {
    pub(in crate::store) async fn receipt(&self, id: DeliveryId) -> Result<Option<Receipt>, StoreError> {
        let mut reader = self.reader().await?;
        let sql = "SELECT body FROM receipts WHERE lane_kind = ? AND lane = ? AND seq = ?";
        let rows = fetch(&mut reader, sql, delivery(id)?).await?;
        rows.first().map(|row| decode(read(row, "body")?)).transpose()
    }

    /// Does something that the ledger never would.
    async fn tamper(&self, sql: &'static str) {
        let mut writer = self.writer().await.expect("it is open");
        let (connection, _) = writer.idle().await.expect("it is idle");
        run(connection, sql, []).await.expect("it can be done");
    }
}

#[tokio::test]
async fn a_second_opener_is_refused_by_name() {
    let dir = dir();
    let first = open(&dir).await;
    let second = SqliteBackend::open(&address(&dir), SqliteSettings::default()).await;
    let refused = second.err().expect("the database belongs to the first").to_string();
    assert!(
        refused.contains("ledger.db is in use by another process") && refused.contains("ledger.db.lock"),
        "{refused}"
    );
    first.close().await.expect("it is closed");
    open(&dir).await;
}

#[tokio::test]
async fn an_address_without_a_directory_is_refused_by_name() {
    let refused = SqliteBackend::open("sqlite:/no/such/place/ledger.db", SqliteSettings::default()).await;
    let refused = refused.err().expect("there is no such directory").to_string();
    assert!(refused.contains("/no/such/place does not exist"), "{refused}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_by_name() {
    let dir = dir();
    std::fs::write(
        dir.path().join("ledger.db"),
        "a letter to my aunt, and a long one at that",
    )
    .expect("it is written");
    let refused = SqliteBackend::open(&address(&dir), SqliteSettings::default()).await;
    let Some(StoreError::Unavailable { detail }) = refused.err() else {
        panic!("it was opened");
    };
    assert!(detail.contains("ledger.db") && !detail.contains("aunt"), "{detail}");
}

#[tokio::test]
async fn a_database_of_a_newer_release_is_refused() {
    let dir = dir();
    let backend = open(&dir).await;
    backend
        .tamper("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (99, 'x', 1, x'00', 0)")
        .await;
    backend.close().await.expect("it is closed");
    let refused = SqliteBackend::open(&address(&dir), SqliteSettings::default()).await;
    let refused = refused.err().expect("it is newer").to_string();
    assert!(
        refused.contains("version 99") && refused.contains("newer release"),
        "{refused}"
    );
}

#[tokio::test]
async fn what_is_committed_is_flushed() {
    let dir = dir();
    let backend = open(&dir).await;
    let mut writer = backend.writer().await.expect("it is open");
    let (connection, _) = writer.idle().await.expect("it is idle");
    let sql = "SELECT journal_mode, synchronous, foreign_keys \
               FROM pragma_journal_mode, pragma_synchronous, pragma_foreign_keys";
    let rows = fetch(connection, sql, []).await.expect("it can be asked");
    let mode: &str = read(&rows[0], "journal_mode").expect("it is a word");
    assert_eq!(mode, "wal");
    let full: i64 = read(&rows[0], "synchronous").expect("it is a number");
    let foreign_keys: i64 = read(&rows[0], "foreign_keys").expect("it is a number");
    assert_eq!((full, foreign_keys), (2, 1));
}

#[tokio::test]
async fn a_full_disk_makes_the_ledger_away_and_leaves_nothing() {
    let dir = dir();
    let backend = open(&dir).await;
    backend.tamper("PRAGMA max_page_count = 60").await;
    let large = Line::customer(Timestamp::default(), "x".repeat(4_000));
    let batch = Changes {
        lines: (0..100).map(|_| (conversation().id, None, large.clone())).collect(),
        ..batch("large")
    };
    let full = backend.commit(&batch).await;
    assert!(matches!(full, Err(StoreError::Unavailable { .. })), "{full:?}");
    assert!(!knows(&backend, "large").await, "nothing of it was recorded");
    backend.tamper("PRAGMA max_page_count = 100000").await;
    backend.commit(&batch).await.expect("there is room again");
    assert!(knows(&backend, "large").await);
}

#[tokio::test]
async fn a_disk_that_takes_no_writes_makes_the_ledger_away() {
    let dir = dir();
    let backend = open(&dir).await;
    backend.tamper("PRAGMA query_only = ON").await;
    let refused = backend.commit(&batch("e")).await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    backend.tamper("PRAGMA query_only = OFF").await;
    backend.commit(&batch("e")).await.expect("it takes writes again");
}

#[tokio::test]
async fn a_database_that_a_tool_has_locked_makes_the_ledger_away_for_that_long() {
    let dir = dir();
    let settings = SqliteSettings {
        busy_max: Duration::from_millis(50),
        ..SqliteSettings::default()
    };
    let backend = SqliteBackend::open(&address(&dir), settings)
        .await
        .expect("it is opened");
    let options = SqliteConnectOptions::new().filename(dir.path().join("ledger.db"));
    let mut tool = options.connect().await.expect("it is opened");
    run(&mut tool, "BEGIN IMMEDIATE", []).await.expect("it is locked");
    let refused = backend.commit(&batch("e")).await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    run(&mut tool, "ROLLBACK", []).await.expect("it is free");
    backend.commit(&batch("e")).await.expect("it is free again");
}

#[tokio::test]
async fn a_commit_that_is_dropped_is_there_whole_or_not_at_all() {
    let dir = dir();
    let backend = open(&dir).await;
    for polls in 1..30 {
        let dropped = batch(&format!("dropped {polls}"));
        let mut commit = backend.commit(&dropped).boxed();
        for _ in 0..polls {
            if poll!(&mut commit).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(commit);
        let next = backend.commit(&batch(&format!("after {polls}"))).await;
        next.expect("the next is written");
        assert!(knows(&backend, &format!("after {polls}")).await);
        // It may have come as far as the disk; then it is there whole.
        let accepted = knows(&backend, &format!("dropped {polls}")).await;
        let rows = backend.rows(&[dropped.deliveries[0].id]).await.expect("they are read");
        assert_eq!(accepted, !rows.is_empty());
    }
}

#[tokio::test]
async fn a_transaction_that_nobody_ended_leaves_nothing() {
    let dir = dir();
    let backend = open(&dir).await;
    let mut writer = backend.writer().await.expect("it is open");
    writer.write(&batch("dropped")).await.expect("it is written");
    drop(writer);
    assert!(!knows(&backend, "dropped").await);
    backend.commit(&batch("after")).await.expect("the next is written");
    assert!(knows(&backend, "after").await && !knows(&backend, "dropped").await);
}

#[tokio::test]
async fn a_closed_ledger_is_away() {
    let dir = dir();
    let backend = open(&dir).await;
    backend.close().await.expect("it is closed");
    backend.close().await.expect("twice does no harm");
    for result in [backend.commit(&batch("e")).await, backend.rows(&[]).await.map(|_| ())] {
        assert!(matches!(result, Err(StoreError::Unavailable { .. })), "{result:?}");
    }
}

#[tokio::test]
async fn records_that_cannot_be_read_are_named_and_never_repeated() {
    let dir = dir();
    let backend = open(&dir).await;
    let written = Changes {
        lines: vec![(
            conversation().id,
            Some(session()),
            Line::bot(Timestamp::default(), "my secret"),
        )],
        sessions: vec![(session(), conversation().id, HookAddress::default())],
        timers_set: vec![(session(), crate::session::TimerKind::Opening, Timestamp::default())],
        ..batch("e")
    };
    backend.commit(&written).await.expect("it is written");

    backend
        .tamper("UPDATE deliveries SET payload = '{\"v\":1,\"body\":\"my secret\"}'")
        .await;
    assert_corrupt(backend.rows(&[row().id]).await, "a payload is not in its form");
    backend
        .tamper("UPDATE deliveries SET payload = replace(payload, '\"v\":1', '\"v\":7')")
        .await;
    let more = WantedMore {
        lanes: vec![row().id.lane],
        ..WantedMore::default()
    };
    assert_corrupt(backend.rows(&[row().id]).await, "a payload is of version 7");
    let loaded = backend
        .load_more(&more)
        .await
        .expect("a spoiled row keeps nobody from the rest");
    assert!(loaded.lanes[&row().id.lane].is_empty());
    backend.tamper("UPDATE deliveries SET dead_at = 1, detail = 'x'").await;
    assert_corrupt(
        backend.dead_letters(&LettersOf::default(), 1).await,
        "a payload is of version 7",
    );
    backend.tamper("UPDATE transcript_lines SET body = 'my secret'").await;
    assert_corrupt(
        backend.transcript(session()).await,
        "a transcript line is not in its form",
    );
}

#[tokio::test]
async fn a_timer_of_a_newer_version_keeps_no_ledger_from_opening() {
    let dir = dir();
    let backend = open(&dir).await;
    let timer = (session(), crate::session::TimerKind::Waiting, Timestamp::default());
    let changes = Changes {
        timers_set: vec![timer],
        ..batch("e")
    };
    backend.commit(&changes).await.expect("it is written");
    backend
        .tamper("INSERT INTO timers (session, kind, due) SELECT session, 'newer', due FROM timers")
        .await;
    let recovered = backend.recover(Timestamp::default()).await;
    assert_eq!(recovered.expect("the rest can be read").timers, [timer]);
}

#[tokio::test]
async fn a_conversation_that_cannot_be_read_is_named() {
    let dir = dir();
    let backend = open(&dir).await;
    backend.commit(&batch("e")).await.expect("it is written");
    backend
        .tamper("UPDATE conversations SET body = '{\"v\":1,\"body\":{\"key\":\"my secret\"}}'")
        .await;
    let wanted = Wanted {
        conversations: vec![conversation().id],
        ..Wanted::default()
    };
    assert_corrupt(backend.load(&wanted).await, "a conversation is not in its form");
    backend.tamper("UPDATE deliveries SET door = 'my secret'").await;
    backend.tamper("DELETE FROM transcript_lines").await;
    assert_corrupt(
        backend.recover(Timestamp::default()).await,
        "a delivery waits at an unknown door",
    );
}

#[tokio::test]
async fn flushes_are_counted_and_can_be_made_slow() {
    let settings = SqliteSettings {
        flush_delay: Some(Duration::from_millis(20)),
        ..SqliteSettings::default()
    };
    let flushes = settings.flushes.clone();
    let dir = dir();
    let backend = SqliteBackend::open(&address(&dir), settings)
        .await
        .expect("it is opened");
    assert_eq!(flushes.count(), 0);
    let began = Instant::now();
    backend.commit(&batch("one")).await.expect("it is written");
    assert!(began.elapsed() >= Duration::from_millis(20));
    assert_eq!(flushes.count(), 1);
}

#[tokio::test]
async fn the_moments_around_a_commit_can_be_seen() {
    let dir = dir();
    let backend = open(&dir).await;
    let seen = Sites::default();
    let _guard = tracing::subscriber::set_default(seen.clone());
    // A site that is met first on the thread of another test asks that thread's subscriber, and there is none: so the
    // sites are asked anew, from here, until both answer.
    let answers = async {
        for n in 0.. {
            tracing::callsite::rebuild_interest_cache();
            backend
                .commit(&batch(&format!("first {n}")))
                .await
                .expect("it is written");
            if seen.take().len() == 2 {
                return;
            }
        }
    };
    let deadline = Duration::from_secs(10);
    tokio::time::timeout(deadline, answers)
        .await
        .expect("each commit passes two sites");
    backend.commit(&batch("e")).await.expect("it is written");
    let refused = backend.commit(&batch("e")).await;
    assert!(matches!(refused, Err(StoreError::Invalid { .. })), "{refused:?}");
    assert_eq!(
        seen.take(),
        ["commit.before", "commit.after"],
        "what is refused comes to no commit"
    );
}

/// What runs with every batch looks nothing up by reading a whole table.
#[tokio::test]
async fn hot_statements_use_an_index() {
    let dir = dir();
    let backend = open(&dir).await;
    let given = "WITH given (lane_kind, lane, seq) AS (VALUES (?, ?, ?), (?, ?, ?))";
    let row = format!("{ROW} WHERE (d.lane_kind, d.lane, d.seq) IN given AND d.dead_at IS NULL");
    for statement in [
        "DELETE FROM deliveries WHERE (lane_kind, lane, seq) IN given AND dead_at IS NULL",
        "UPDATE deliveries SET attempts = 1 FROM given WHERE deliveries.lane_kind = given.lane_kind \
         AND deliveries.lane = given.lane AND deliveries.seq = given.seq AND deliveries.dead_at IS NULL",
        &row,
        "SELECT body FROM conversations WHERE (channel, address, customer) IN given",
    ] {
        let sql = format!("EXPLAIN QUERY PLAN {given} {statement}");
        let mut writer = backend.writer().await.expect("it is open");
        let (connection, _) = writer.idle().await.expect("it is idle");
        let plan = sqlx::query(sqlx::AssertSqlSafe(sql))
            .fetch_all(connection)
            .await
            .expect("it is planned");
        let steps: Vec<String> = plan.iter().map(|row| sqlx::Row::get(row, "detail")).collect();
        let of_table =
            |step: &&String| step.contains("deliveries") || step.contains(" d ") || step.contains("conversations");
        let reads: Vec<&String> = steps.iter().filter(of_table).collect();
        assert!(
            !reads.is_empty() && reads.iter().all(|step| step.starts_with("SEARCH")),
            "{steps:?}"
        );
        // By the whole key, not by the lane's kind alone.
        let deliveries = reads
            .iter()
            .find(|step| !step.contains("conversations") && !step.contains(" c "));
        assert!(deliveries.is_none_or(|step| step.contains("seq=?")), "{steps:?}");
    }
}

/// What was said in the conversation, and its last number, read back.
async fn told(backend: &SqliteBackend) -> (u64, Vec<String>, Vec<String>) {
    let wanted = Wanted {
        conversations: vec![conversation().id],
        ..Wanted::default()
    };
    let more = WantedMore {
        histories: vec![conversation().id],
        lines_max: 2,
        ..WantedMore::default()
    };
    let words = |lines: &[Line]| lines.iter().map(|line| line.text.as_str().to_owned()).collect();
    let loaded = backend.load(&wanted).await.expect("it is read");
    let history = backend.load_more(&more).await.expect("it is read").histories;
    let transcript = backend.transcript(session()).await.expect("it is read");
    (
        loaded.conversations[0].chat_seq,
        words(&transcript),
        words(&history[&conversation().id]),
    )
}

#[tokio::test]
async fn what_was_appended_is_read_before_and_after_it_is_folded_in() {
    let dir = dir();
    let backend = open(&dir).await;
    backend.commit(&batch("e")).await.expect("it is written");
    let said = |n: u64| Changes {
        bodies: vec![Conversation {
            chat_seq: n,
            ..conversation()
        }],
        lines: vec![(
            conversation().id,
            Some(session()),
            Line::bot(Timestamp::default(), n.to_string()),
        )],
        ..Changes::default()
    };
    for n in 1..=3 {
        backend.commit(&said(n)).await.expect("it is written");
    }
    let expected = |lines: &[&str]| lines.iter().map(ToString::to_string).collect::<Vec<_>>();
    let three = (3, expected(&["1", "2", "3"]), expected(&["2", "3"]));
    assert_eq!(told(&backend).await, three, "it is appended");
    let mut writer = backend.writer().await.expect("it is open");
    writer.fold().await.expect("it is folded in");
    drop(writer);
    assert_eq!(told(&backend).await, three, "it is folded in");
    for n in 4..=5 {
        backend.commit(&said(n)).await.expect("it is written");
    }
    backend.close().await.expect("it is closed");
    let backend = open(&dir).await;
    let five = (5, expected(&["1", "2", "3", "4", "5"]), expected(&["4", "5"]));
    assert_eq!(told(&backend).await, five, "it was appended before a restart");
}

#[tokio::test]
async fn a_transcript_begins_at_its_newest_line_also_where_the_numbers_begin_anew() {
    let dir = dir();
    let backend = open(&dir).await;
    backend.commit(&batch("e")).await.expect("it is written");
    let said = |words: &str| Changes {
        lines: vec![(
            conversation().id,
            Some(session()),
            Line::bot(Timestamp::default(), words),
        )],
        ..Changes::default()
    };
    for words in ["1", "2", "3"] {
        backend.commit(&said(words)).await.expect("it is written");
    }
    backend.close().await.expect("it is closed");
    // Folds in what was appended; then every line is too old.
    let backend = open(&dir).await;
    backend.tamper("DELETE FROM transcript_lines").await;
    backend.close().await.expect("it is closed");
    let backend = open(&dir).await;
    backend.commit(&said("new")).await.expect("it is written");
    let (_, transcript, history) = told(&backend).await;
    assert_eq!(
        (transcript.as_slice(), history.as_slice()),
        (&["new".to_owned()][..], &["new".to_owned()][..])
    );
}

#[tokio::test]
async fn what_was_appended_of_a_session_that_an_agent_has_is_folded_in_to_the_last_word() {
    let dir = dir();
    let backend = open(&dir).await;
    backend.commit(&batch("e")).await.expect("it is written");
    let heard = |chat_seq: u64, at: i64, told: Told| {
        let at = Timestamp::from_millis(at);
        let mut session = Session {
            id: session(),
            hook_address: HookAddress::default(),
            opened_at: Timestamp::default(),
            desk_seq: 2,
            messages: 1,
            opener: 2,
            profile: Profile::default(),
            url: None,
            agent: None,
            speaking: Speaking::Begins,
            asks: Asks::default(),
            watch: Watch::since(at),
            album: None,
        };
        session.watch.told = told;
        Conversation {
            chat_seq,
            state: State::WithAgent(session),
            ..conversation()
        }
    };
    let states = [
        heard(1, 10, Told::NotYet),
        heard(2, 20, Told::NotYet),
        // Not a word, but a warning, and that it arrived.
        heard(3, 20, Told::OnItsWay(3)),
        heard(3, 20, Told::Since(Timestamp::from_millis(25))),
        heard(4, 40, Told::NotYet),
        // By a clock that was set back.
        heard(5, 30, Told::NotYet),
    ];
    for folded_after in 1..=states.len() {
        for state in &states[..folded_after] {
            let changed = Changes {
                bodies: vec![state.clone()],
                ..Changes::default()
            };
            backend.commit(&changed).await.expect("it is written");
        }
        let mut reader = backend.reader().await.expect("it reads");
        let sql = "SELECT count(*) AS n FROM conversation_changes WHERE body IS NULL";
        let short = fetch(&mut reader, sql, []).await.expect("they are counted");
        let short: i64 = read(&short[0], "n").expect("it is a number");
        let expected = [0, 1, 1, 1, 1, 2][folded_after - 1];
        assert_eq!(short, expected, "a word alone is appended without the body");
        drop(reader);
        let mut writer = backend.writer().await.expect("it is open");
        writer.fold().await.expect("it is folded in");
        drop(writer);
        let wanted = Wanted {
            conversations: vec![conversation().id],
            ..Wanted::default()
        };
        let loaded = backend.load(&wanted).await.expect("it is read").conversations;
        assert_eq!(loaded, [states[folded_after - 1].clone()], "after {folded_after}");
    }
}

#[tokio::test]
async fn many_changes_are_folded_in_by_themselves() {
    let dir = dir();
    let backend = open(&dir).await;
    let many = |chat_seq: u64| -> Vec<Conversation> {
        let one = |n: u128| Conversation {
            id: ConversationId::from_uuid(Uuid::from_u128(n)),
            key: ConversationKey {
                address: Address::new(n.to_string()),
                ..conversation().key
            },
            chat_seq,
            ..conversation()
        };
        (1..=2_100).map(one).collect()
    };
    let first = Changes {
        conversations: many(0),
        ..Changes::default()
    };
    backend.commit(&first).await.expect("they are written");
    for (n, left) in [(1, 2_100), (2, 0), (3, 2_100)] {
        let changed = Changes {
            bodies: many(n),
            ..Changes::default()
        };
        backend.commit(&changed).await.expect("they are written");
        let mut reader = backend.reader().await.expect("it reads");
        let counted = fetch(&mut reader, "SELECT count(*) AS n FROM conversation_changes", []).await;
        let counted: i64 = read(&counted.expect("they are counted")[0], "n").expect("it is a number");
        assert_eq!(counted, left, "after change {n}");
        assert_eq!(told(&backend).await.0, n);
    }
}

#[tokio::test]
async fn a_start_reads_no_conversation_that_is_long_over() {
    let dir = dir();
    let backend = open(&dir).await;
    let mut reader = backend.reader().await.expect("it reads");
    let sql = format!("EXPLAIN QUERY PLAN {KNOWN_BY_HEART}");
    let plan = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut *reader).await;
    let steps: Vec<String> = plan
        .expect("it is planned")
        .iter()
        .map(|row| sqlx::Row::get(row, "detail"))
        .collect();
    let by_end = |step: &String| step.contains("conversations_by_end (ended_at>?)");
    assert!(steps.iter().any(by_end), "{steps:?}");
    let whole = |step: &String| step.contains("conversations") && !step.contains(" USING INDEX ");
    assert!(!steps.iter().any(whole), "{steps:?}");
}

#[tokio::test]
async fn a_full_disk_is_known_until_there_is_room_again() {
    let dir = dir();
    let backend = open(&dir).await;
    backend.tamper("PRAGMA max_page_count = 60").await;
    let fits = Changes {
        lines: vec![(
            conversation().id,
            None,
            Line::customer(Timestamp::default(), "x".repeat(4_000)),
        )],
        conversations: vec![conversation()],
        ..Changes::default()
    };
    let mut refused = Ok(());
    for _ in 0..60 {
        refused = refused.and(backend.commit(&fits).await);
    }
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    let probed = backend.probe().await;
    assert!(matches!(probed, Err(StoreError::Unavailable { .. })), "{probed:?}");
    backend.tamper("PRAGMA max_page_count = 4294967294").await;
    backend.probe().await.expect("there is room");
    backend.commit(&fits).await.expect("there is room");
}

fn dir() -> TempDir {
    TempDir::new().expect("a directory can be made")
}

fn address(dir: &TempDir) -> String {
    format!("sqlite://{}", dir.path().join("ledger.db").display())
}

async fn open(dir: &TempDir) -> SqliteBackend {
    let opened = SqliteBackend::open(&address(dir), SqliteSettings::default()).await;
    opened.expect("the database can be opened")
}

fn session() -> SessionId {
    SessionId::from_uuid(Uuid::from_u128(2))
}

fn conversation() -> Conversation {
    let key = ConversationKey {
        channel: ChannelId::new("telegram"),
        address: Address::new("1"),
        customer: CustomerId::new("1"),
    };
    Conversation::new(ConversationId::from_uuid(Uuid::from_u128(1)), key)
}

fn row() -> NewRow {
    NewRow {
        id: DeliveryId {
            lane: Lane::Desk(session()),
            seq: 1,
        },
        conversation: conversation().id,
        door: Door::Desk,
        payload: Payload::Desk(DeskPayload::End),
        dead: None,
    }
}

/// A small batch under a key of its own.
fn batch(key: &str) -> Changes {
    let session = if key == "e" { session() } else { SessionId::mint() };
    let id = DeliveryId {
        lane: Lane::Desk(session),
        ..row().id
    };
    Changes {
        inbox: vec![EventKey::new(key)],
        conversations: vec![conversation()],
        sessions: vec![(session, conversation().id, HookAddress::default())],
        deliveries: vec![NewRow { id, ..row() }],
        ..Changes::default()
    }
}

async fn knows(backend: &SqliteBackend, key: &str) -> bool {
    let wanted = Wanted {
        inbox: vec![EventKey::new(key)],
        ..Wanted::default()
    };
    !backend.load(&wanted).await.expect("it is read").inbox.is_empty()
}

fn assert_corrupt<T>(read: Result<T, StoreError>, says: &str) {
    match read {
        Err(StoreError::Corrupt { detail }) => {
            assert!(detail.contains(says) && !detail.contains("secret"), "{detail}");
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was read"),
    }
}

/// Notes the sites that pass.
#[derive(Clone, Default)]
struct Sites(Arc<Mutex<Vec<String>>>);

impl Sites {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("nobody panicked"))
    }
}

impl Subscriber for Sites {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "escalator::site"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut SiteName(self));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct SiteName<'s>(&'s Sites);

impl Visit for SiteName<'_> {
    fn record_str(&mut self, _: &Field, value: &str) {
        self.0.0.lock().expect("nobody panicked").push(value.to_owned());
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
