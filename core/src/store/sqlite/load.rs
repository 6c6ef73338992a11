//! What the writer reads before it decides, and what a ledger reads when it starts.

use std::collections::{HashMap, HashSet};

use sqlx::{SqliteConnection, sqlite::SqliteRow};

use super::{
    columns::{key, lane, read, read_delivery, read_door, read_time, read_uuid},
    read::{ROW, waiting_row},
    statement::{Given, Value, fetch, select},
    tail::Tail,
};
use crate::{
    delivery::Lane,
    model::{ConversationId, EventKey, HookAddress, Line, SessionId, Timestamp},
    session::{Conversation, TimerKind},
    store::{
        StoreError,
        backend::{Loaded, LoadedMore, Locked, Recovered, WaitingMark, WaitingRow, Wanted, WantedMore},
        stored::decode,
    },
};

/// The conversations that a human owns or owned lately. Told which index to use, or a start would read all the others too.
pub(super) const KNOWN_BY_HEART: &str = "SELECT body FROM conversations INDEXED BY conversations_by_session \
    WHERE session IS NOT NULL UNION ALL SELECT body FROM conversations INDEXED BY conversations_by_end \
    WHERE session IS NULL AND ended_at >= ?";

pub(super) async fn recover(db: &mut SqliteConnection, recent_since: Timestamp) -> Result<Recovered, StoreError> {
    let conversations = fetch(db, KNOWN_BY_HEART, [recent_since.into()]).await?;
    let sql =
        "SELECT lane_kind, lane, seq, door, COALESCE(due, created_at) AS due FROM deliveries WHERE dead_at IS NULL";
    let waiting = fetch(db, sql, []).await?;
    let timers = fetch(db, "SELECT session, kind, due FROM timers", []).await?;
    let sql = "SELECT hook_address, max(ended_at) AS ended_at FROM sessions \
               WHERE COALESCE(ended_at, opened_at) >= ? AND ended_at IS NOT NULL GROUP BY hook_address";
    let hook_addresses = fetch(db, sql, [recent_since.into()]).await?;
    Ok(Recovered {
        conversations: conversations.iter().map(conversation).collect::<Result<_, _>>()?,
        waiting: waiting.iter().map(waiting_mark).collect::<Result<_, _>>()?,
        timers: timers
            .iter()
            .filter_map(|row| timer(row).transpose())
            .collect::<Result<_, _>>()?,
        hook_addresses: hook_addresses.iter().map(hook_address).collect::<Result<_, _>>()?,
    })
}

pub(super) async fn load(db: &mut SqliteConnection, tail: &Tail, wanted: &Wanted) -> Result<Loaded, StoreError> {
    let sessions = sessions(db, &wanted.sessions).await?;
    let ids: HashSet<ConversationId> = sessions.values().chain(&wanted.conversations).copied().collect();
    let by_id = Given {
        columns: "id",
        rows: ids.into_iter().map(|id| [id.into()]).collect(),
    };
    let by_key = Given {
        columns: "channel, address, customer",
        rows: wanted.keys.iter().map(key).collect(),
    };
    let mut rows = select(db, by_id, "SELECT body FROM conversations WHERE id IN given").await?;
    let sql = "SELECT body FROM conversations WHERE (channel, address, customer) IN given";
    rows.extend(select(db, by_key, sql).await?);
    let mut conversations = HashMap::new();
    for row in &rows {
        let stored = conversation(row)?;
        let newer = tail.conversation(stored.id).cloned();
        let conversation = newer.unwrap_or(stored);
        conversations.insert(conversation.id, conversation);
    }
    Ok(Loaded {
        conversations: conversations.into_values().collect(),
        sessions,
        inbox: inbox(db, &wanted.inbox).await?,
        locked: Locked::default(),
    })
}

pub(super) async fn load_more(
    db: &mut SqliteConnection,
    tail: &Tail,
    wanted: &WantedMore,
) -> Result<LoadedMore, StoreError> {
    Ok(LoadedMore {
        lanes: lanes(db, &wanted.lanes).await?,
        histories: histories(db, tail, &wanted.histories, wanted.lines_max).await?,
    })
}

async fn sessions(
    db: &mut SqliteConnection,
    sessions: &[SessionId],
) -> Result<HashMap<SessionId, ConversationId>, StoreError> {
    let given = Given {
        columns: "id",
        rows: sessions.iter().map(|session| [(*session).into()]).collect(),
    };
    let rows = select(db, given, "SELECT id, conversation FROM sessions WHERE id IN given").await?;
    rows.iter()
        .map(|row| {
            let session = SessionId::from_uuid(read_uuid(row, "id")?);
            Ok((session, ConversationId::from_uuid(read_uuid(row, "conversation")?)))
        })
        .collect()
}

async fn inbox(db: &mut SqliteConnection, keys: &[EventKey]) -> Result<HashSet<EventKey>, StoreError> {
    let given = Given {
        columns: "key",
        rows: keys.iter().map(|key| [key.as_str().into()]).collect(),
    };
    let rows = select(db, given, "SELECT key FROM inbox WHERE key IN given").await?;
    rows.iter()
        .map(|row| read::<String>(row, "key").map(EventKey::new))
        .collect()
}

async fn lanes(db: &mut SqliteConnection, wanted: &[Lane]) -> Result<HashMap<Lane, Vec<WaitingRow>>, StoreError> {
    let given = Given {
        columns: "lane_kind, lane",
        rows: wanted.iter().map(|id| lane(*id)).collect(),
    };
    let sql = format!("{ROW} WHERE (d.lane_kind, d.lane) IN given AND d.dead_at IS NULL ORDER BY d.seq");
    let mut lanes: HashMap<Lane, Vec<WaitingRow>> = wanted.iter().map(|lane| (*lane, Vec::new())).collect();
    for row in &select(db, given, &sql).await? {
        match waiting_row(row) {
            Ok(row) => lanes.entry(row.id.lane).or_default().push(row),
            // One that is spoiled keeps nobody from ending the session.
            Err(StoreError::Corrupt { detail }) => {
                tracing::error!(detail, "a waiting delivery cannot be read, and stays where it is");
            }
            Err(failed) => return Err(failed),
        }
    }
    Ok(lanes)
}

/// From the newest line back, each names the one before.
async fn histories(
    db: &mut SqliteConnection,
    tail: &Tail,
    wanted: &[ConversationId],
    lines_max: usize,
) -> Result<HashMap<ConversationId, Vec<Line>>, StoreError> {
    const SQL: &str = "WITH RECURSIVE chain (n, before, body, room) AS \
        (SELECT l.n, l.before, l.body, ?3 FROM transcript_lines l \
           WHERE l.n = COALESCE(?2, (SELECT last_line FROM conversations WHERE id = ?1)) AND l.conversation = ?1 \
         UNION ALL \
         SELECT l.n, l.before, l.body, c.room - 1 FROM chain c JOIN transcript_lines l ON l.n = c.before \
           WHERE c.room > 1 AND l.n < c.n AND l.conversation = ?1) \
        SELECT body FROM chain ORDER BY n";
    let lines_max = i64::try_from(lines_max).unwrap_or(i64::MAX);
    let mut histories = HashMap::new();
    for id in wanted {
        let values: [Value; 3] = [(*id).into(), tail.head(*id).into(), lines_max.into()];
        let rows = fetch(db, SQL, values).await?;
        let lines = rows.iter().map(line).collect::<Result<_, _>>()?;
        histories.insert(*id, lines);
    }
    Ok(histories)
}

pub(super) fn line(row: &SqliteRow) -> Result<Line, StoreError> {
    decode(read(row, "body")?)
}

pub(super) fn conversation(row: &SqliteRow) -> Result<Conversation, StoreError> {
    decode(read(row, "body")?)
}

fn waiting_mark(row: &SqliteRow) -> Result<WaitingMark, StoreError> {
    Ok(WaitingMark {
        id: read_delivery(row)?,
        door: read_door(row)?,
        due: read_time(row, "due")?,
    })
}

/// `None` where its kind is not known, as that of a newer version may be: it stays where it is, and no other waits for it.
fn timer(row: &SqliteRow) -> Result<Option<(SessionId, TimerKind, Timestamp)>, StoreError> {
    let session = SessionId::from_uuid(read_uuid(row, "session")?);
    let Some(kind) = TimerKind::of_word(read(row, "kind")?) else {
        tracing::error!(%session, "a timer is of an unknown kind, and stays where it is");
        return Ok(None);
    };
    Ok(Some((session, kind, read_time(row, "due")?)))
}

fn hook_address(row: &SqliteRow) -> Result<(HookAddress, Timestamp), StoreError> {
    let address = HookAddress::new(read::<String>(row, "hook_address")?);
    Ok((address, read_time(row, "ended_at")?))
}
