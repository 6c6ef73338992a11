//! What the writer reads and locks before it decides, and what a ledger reads when it starts.

use std::{
    collections::{HashMap, HashSet},
    sync::Once,
};

use sqlx::{AssertSqlSafe, PgConnection, postgres::PgRow};
use uuid::Uuid;

use super::{
    columns::{DeliveryColumns, LaneColumns, read, read_count, read_delivery, read_lane, read_time, read_u64},
    failure::failed,
    read::{COLUMNS, JOINS, waiting_row},
};
use crate::{
    delivery::{DeliveryId, Lane},
    model::{ChannelId, ConversationId, EventKey, HookAddress, Line, SessionId, Timestamp},
    session::{Conversation, TimerKind},
    store::{
        StoreError,
        backend::{Loaded, LoadedMore, Locked, LockedLane, Recovered, WaitingRow, Wanted, WantedMore},
        stored::decode,
    },
};

/// Up to how many rows of a lane are counted.
const ROWS_COUNTED_MAX: i64 = 16;

/// What an instance knows by heart. Of what waits it knows nothing: the others change that too.
pub(super) async fn recover(db: &mut PgConnection, recent_since: Timestamp) -> Result<Recovered, StoreError> {
    let sql = "SELECT body FROM conversations WHERE session IS NOT NULL \
               UNION ALL SELECT body FROM conversations WHERE session IS NULL AND ended_at >= $1";
    let query = sqlx::query(sql).bind(recent_since.as_millis());
    let conversations = query.fetch_all(&mut *db).await.map_err(failed)?;
    let sql = "SELECT hook_address, max(ended_at) AS ended_at FROM sessions \
               WHERE COALESCE(ended_at, opened_at) >= $1 AND ended_at IS NOT NULL GROUP BY hook_address";
    let query = sqlx::query(sql).bind(recent_since.as_millis());
    let hook_addresses = query.fetch_all(db).await.map_err(failed)?;
    Ok(Recovered {
        conversations: conversations.iter().map(conversation).collect::<Result<_, _>>()?,
        hook_addresses: hook_addresses.iter().map(hook_address).collect::<Result<_, _>>()?,
        ..Recovered::default()
    })
}

/// Reads and locks: the conversations in the order of their ids, then their lanes. What is read after that is as it was
/// committed last.
pub(super) async fn load(db: &mut PgConnection, wanted: &Wanted) -> Result<Loaded, StoreError> {
    let conversations = conversations(db, wanted).await?;
    let sessions = sessions(db, &wanted.sessions).await?;
    Ok(Loaded {
        sessions,
        inbox: inbox(db, &wanted.inbox).await?,
        locked: Locked {
            lanes: lock_lanes(db, &conversations).await?,
            rows: waiting(db, &wanted.rows).await?,
            holders: holders(db, &wanted.channels).await?,
        },
        conversations,
    })
}

pub(super) async fn load_more(db: &mut PgConnection, wanted: &WantedMore) -> Result<LoadedMore, StoreError> {
    Ok(LoadedMore {
        lanes: lanes(db, &wanted.lanes).await?,
        histories: histories(db, &wanted.histories, wanted.lines_max).await?,
    })
}

async fn conversations(db: &mut PgConnection, wanted: &Wanted) -> Result<Vec<Conversation>, StoreError> {
    const SQL: &str = "SELECT c.body FROM conversations c WHERE c.id IN (\
        SELECT k.id FROM unnest($1::text[], $2::text[], $3::text[]) AS given (channel, address, customer) \
        JOIN conversations k USING (channel, address, customer) \
        UNION ALL SELECT s.conversation FROM sessions s WHERE s.id = ANY($4::uuid[]) \
        UNION ALL SELECT unnest($5::uuid[])) ORDER BY c.id FOR UPDATE OF c";
    if wanted.keys.is_empty() && wanted.sessions.is_empty() && wanted.conversations.is_empty() {
        return Ok(Vec::new());
    }
    let (mut channels, mut addresses, mut customers) = (Vec::new(), Vec::new(), Vec::new());
    for key in &wanted.keys {
        channels.push(key.channel.as_str());
        addresses.push(key.address.as_str());
        customers.push(key.customer.as_str());
    }
    let sessions: Vec<Uuid> = wanted.sessions.iter().map(|session| session.uuid()).collect();
    let ids: Vec<Uuid> = wanted.conversations.iter().map(|id| id.uuid()).collect();
    let query = sqlx::query(SQL).bind(channels).bind(addresses).bind(customers);
    let rows = query.bind(sessions).bind(ids).fetch_all(db).await.map_err(failed)?;
    rows.iter().map(conversation).collect()
}

async fn sessions(
    db: &mut PgConnection,
    sessions: &[SessionId],
) -> Result<HashMap<SessionId, ConversationId>, StoreError> {
    if sessions.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<Uuid> = sessions.iter().map(|session| session.uuid()).collect();
    let sql = "SELECT id, conversation FROM sessions WHERE id = ANY($1)";
    let rows = sqlx::query(sql).bind(ids).fetch_all(db).await.map_err(failed)?;
    let found = rows.iter().map(|row| {
        let session = SessionId::from_uuid(read(row, "id")?);
        Ok((session, ConversationId::from_uuid(read(row, "conversation")?)))
    });
    found.collect()
}

async fn inbox(db: &mut PgConnection, keys: &[EventKey]) -> Result<HashSet<EventKey>, StoreError> {
    if keys.is_empty() {
        return Ok(HashSet::new());
    }
    let keys: Vec<&str> = keys.iter().map(EventKey::as_str).collect();
    let sql = "SELECT key FROM inbox WHERE key = ANY($1)";
    let rows = sqlx::query(sql).bind(keys).fetch_all(db).await.map_err(failed)?;
    rows.iter()
        .map(|row| read::<String>(row, "key").map(EventKey::new))
        .collect()
}

async fn lock_lanes(
    db: &mut PgConnection,
    conversations: &[Conversation],
) -> Result<HashMap<Lane, LockedLane>, StoreError> {
    const SQL: &str = "SELECT l.kind AS lane_kind, l.lane, l.holder IS NOT NULL AS is_out, l.fence, \
        COALESCE(l.seq, 0) AS seq, (SELECT count(*) FROM (SELECT 1 FROM deliveries d WHERE d.lane_kind = l.kind \
        AND d.lane = l.lane AND d.dead_at IS NULL LIMIT $2) counted) AS rows \
        FROM lanes l WHERE l.conversation = ANY($1) ORDER BY l.kind, l.lane FOR UPDATE OF l";
    if conversations.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<Uuid> = conversations
        .iter()
        .map(|conversation| conversation.id.uuid())
        .collect();
    let query = sqlx::query(SQL).bind(ids).bind(ROWS_COUNTED_MAX);
    let rows = query.fetch_all(db).await.map_err(failed)?;
    let locked = rows.iter().map(|row| {
        let out = read::<bool>(row, "is_out")?;
        let out = out.then(|| Ok::<_, StoreError>((read_u64(row, "seq")?, read_u64(row, "fence")?)));
        let lane = LockedLane {
            rows: read_count(row, "rows")?,
            out: out.transpose()?,
        };
        Ok((read_lane(row)?, lane))
    });
    locked.collect()
}

async fn waiting(db: &mut PgConnection, ids: &[DeliveryId]) -> Result<HashSet<DeliveryId>, StoreError> {
    const SQL: &str = "SELECT d.lane_kind, d.lane, d.seq \
        FROM unnest($1::text[], $2::uuid[], $3::bigint[]) AS given (lane_kind, lane, seq) \
        JOIN deliveries d USING (lane_kind, lane, seq) WHERE d.dead_at IS NULL";
    let keys = DeliveryColumns::of(ids.iter().copied())?;
    if keys.is_empty() {
        return Ok(HashSet::new());
    }
    let query = sqlx::query(SQL).bind(keys.of.kinds).bind(keys.of.lanes).bind(keys.seqs);
    let rows = query.fetch_all(db).await.map_err(failed)?;
    rows.iter().map(read_delivery).collect()
}

/// Who has channels: nobody else is given one before the end of the transaction.
async fn holders(db: &mut PgConnection, channels: &[ChannelId]) -> Result<HashMap<ChannelId, Uuid>, StoreError> {
    if channels.is_empty() {
        return Ok(HashMap::new());
    }
    let names: Vec<&str> = channels.iter().map(ChannelId::as_str).collect();
    let sql = "SELECT channel, holder FROM channels WHERE channel = ANY($1) AND holder IS NOT NULL \
               ORDER BY channel FOR SHARE";
    let rows = sqlx::query(sql).bind(names).fetch_all(db).await.map_err(failed)?;
    let held = rows.iter().map(|row| {
        let channel = ChannelId::new(read::<String>(row, "channel")?);
        Ok((channel, read(row, "holder")?))
    });
    held.collect()
}

async fn lanes(db: &mut PgConnection, wanted: &[Lane]) -> Result<HashMap<Lane, Vec<WaitingRow>>, StoreError> {
    let mut lanes: HashMap<Lane, Vec<WaitingRow>> = wanted.iter().map(|lane| (*lane, Vec::new())).collect();
    if wanted.is_empty() {
        return Ok(lanes);
    }
    let mut columns = LaneColumns::default();
    columns.extend(lanes.keys().copied());
    let sql = format!(
        "SELECT {COLUMNS} FROM unnest($1::text[], $2::uuid[]) AS given (lane_kind, lane) \
         JOIN deliveries d USING (lane_kind, lane) {JOINS} WHERE d.dead_at IS NULL ORDER BY d.seq"
    );
    let query = sqlx::query(AssertSqlSafe(sql)).bind(columns.kinds).bind(columns.lanes);
    for row in &query.fetch_all(db).await.map_err(failed)? {
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

async fn histories(
    db: &mut PgConnection,
    wanted: &[ConversationId],
    lines_max: usize,
) -> Result<HashMap<ConversationId, Vec<Line>>, StoreError> {
    const SQL: &str = "SELECT newest.conversation, newest.body FROM unnest($1::uuid[]) AS given (id) CROSS JOIN LATERAL \
        (SELECT l.conversation, l.n, l.body FROM transcript_lines l WHERE l.conversation = given.id \
         ORDER BY l.n DESC LIMIT $2) newest ORDER BY newest.n";
    let mut histories: HashMap<ConversationId, Vec<Line>> = wanted.iter().map(|id| (*id, Vec::new())).collect();
    if wanted.is_empty() {
        return Ok(histories);
    }
    let ids: Vec<Uuid> = histories.keys().map(|id| id.uuid()).collect();
    let lines_max = i64::try_from(lines_max).unwrap_or(i64::MAX);
    let rows = sqlx::query(SQL)
        .bind(ids)
        .bind(lines_max)
        .fetch_all(db)
        .await
        .map_err(failed)?;
    for row in &rows {
        let conversation = ConversationId::from_uuid(read(row, "conversation")?);
        histories.entry(conversation).or_default().push(line(row)?);
    }
    Ok(histories)
}

pub(super) fn line(row: &PgRow) -> Result<Line, StoreError> {
    decode(read(row, "body")?)
}

pub(super) fn conversation(row: &PgRow) -> Result<Conversation, StoreError> {
    decode(read(row, "body")?)
}

/// `None` where its kind is not known, as that of a newer version may be: it stays where it is, and no other waits for it.
pub(super) fn timer(row: &PgRow) -> Result<Option<(SessionId, TimerKind, Timestamp)>, StoreError> {
    let session = SessionId::from_uuid(read(row, "session")?);
    let Some(kind) = TimerKind::of_word(read(row, "kind")?) else {
        // It comes with each look as long as it stands.
        static TOLD: Once = Once::new();
        TOLD.call_once(|| tracing::error!(%session, "a timer is of an unknown kind, and stays where it is; further ones are not told of"));
        return Ok(None);
    };
    Ok(Some((session, kind, read_time(row, "due")?)))
}

fn hook_address(row: &PgRow) -> Result<(HookAddress, Timestamp), StoreError> {
    let address = HookAddress::new(read::<String>(row, "hook_address")?);
    Ok((address, read_time(row, "ended_at")?))
}
