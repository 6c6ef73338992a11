//! What instances tell each other, by `NOTIFY`. What is told is a hint: whoever misses it finds out later.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::{PgConnection, PgPool, postgres::PgListener};
use tokio::time::timeout;
use uuid::Uuid;

use super::{
    columns::{door, read as column},
    failure::failed,
    open::within,
};
use crate::{
    model::{ChannelId, ConversationId},
    store::{
        StoreError,
        backend::{Listening, News},
    },
};

/// The name of the way: all ledgers of a database share it.
pub(super) const WAY: &str = "escalator";

/// How long nothing may be heard before it is seen whether the database is there.
const SILENT_MAX: Duration = Duration::from_secs(10);

/// How many conversations are told at once. PostgreSQL takes less than 8,000 bytes; an id has 37 with its comma.
const CONVERSATIONS_MAX: usize = 200;

/// Tells news when the transaction that stands is committed.
pub(super) async fn tell(db: &mut PgConnection, origin: Uuid, news: &News) -> Result<(), StoreError> {
    let payloads = written(origin, news);
    if payloads.is_empty() {
        return Ok(());
    }
    let sql = "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS given (payload)";
    let query = sqlx::query(sql).bind(WAY).bind(payloads);
    query.execute(db).await.map_err(failed)?;
    Ok(())
}

/// The same, and notes the number of the batch that tells it: one statement for both.
pub(super) async fn number_and_tell(
    db: &mut PgConnection,
    origin: Uuid,
    batch: i64,
    news: &News,
) -> Result<(), StoreError> {
    let sql = "WITH numbered AS (INSERT INTO writers (id, batch, at) VALUES ($3, $4, clock_timestamp()) \
               ON CONFLICT (id) DO UPDATE SET batch = excluded.batch, at = excluded.at) \
               SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS given (payload)";
    let query = sqlx::query(sql).bind(WAY).bind(written(origin, news));
    query.bind(origin).bind(batch).execute(db).await.map_err(failed)?;
    Ok(())
}

/// The number of the latest batch that was committed. Waits for a transaction that has one and stands still, so that
/// the answer stays right.
pub(super) async fn latest(db: &mut PgConnection, origin: Uuid) -> Result<i64, StoreError> {
    // The row is made where there is none, since of one that another transaction is about to make only this waits for it.
    let sql = "INSERT INTO writers (id, batch, at) VALUES ($1, 0, clock_timestamp()) \
               ON CONFLICT (id) DO UPDATE SET at = excluded.at RETURNING batch";
    let row = sqlx::query(sql).bind(origin).fetch_one(db).await.map_err(failed)?;
    column(&row, "batch")
}

/// `{origin} doors {door}`, `{origin} conversations {id},{id}`, `{origin} channel {channel}`, `{origin} arrival {channel}`
fn written(origin: Uuid, news: &News) -> Vec<String> {
    let News {
        doors,
        conversations,
        channels,
        arrivals,
    } = news;
    let doors = doors.iter().map(|door| format!("{origin} door {door}"));
    let conversations = conversations.chunks(CONVERSATIONS_MAX).map(|ids| {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        format!("{origin} conversations {}", ids.join(","))
    });
    let channels = channels.iter().map(|channel| format!("{origin} channel {channel}"));
    let arrivals = arrivals.iter().map(|channel| of_arrivals(origin, channel));
    doors.chain(conversations).chain(channels).chain(arrivals).collect()
}

/// Tells that an update of a channel was kept.
pub(super) fn of_arrivals(origin: Uuid, channel: &ChannelId) -> String {
    format!("{origin} arrival {channel}")
}

/// What was told; `None` for what one has told oneself, or what is told by a later release.
fn read(origin: Uuid, payload: &str) -> Option<News> {
    let (from, told) = payload.split_once(' ')?;
    if from.parse() == Ok(origin) {
        return None;
    }
    let mut news = News::default();
    match told.split_once(' ')? {
        ("door", word) => news.doors.push(door(word)?),
        ("channel", channel) => news.channels.push(ChannelId::new(channel)),
        ("arrival", channel) => news.arrivals.push(ChannelId::new(channel)),
        ("conversations", ids) => news
            .conversations
            .extend(ids.split(',').filter_map(ConversationId::parse)),
        _ => return None,
    }
    Some(news)
}

/// Hears what other instances tell.
pub(super) struct Ear {
    origin: Uuid,
    listener: PgListener,
    busy_max: Duration,
}

impl Ear {
    pub(super) async fn open(origin: Uuid, pool: &PgPool, busy_max: Duration) -> Result<Self, StoreError> {
        let mut listener = PgListener::connect_with(pool).await.map_err(failed)?;
        listener.listen(WAY).await.map_err(failed)?;
        Ok(Self {
            origin,
            listener,
            busy_max,
        })
    }

    /// Sees whether the database is still there: one that died told nobody.
    async fn check(&mut self) -> Result<(), StoreError> {
        within(self.busy_max, sqlx::query("SELECT 1").execute(&mut self.listener)).await?;
        Ok(())
    }
}

#[async_trait]
impl Listening for Ear {
    async fn hear(&mut self) -> Result<Option<News>, StoreError> {
        loop {
            // `None` when the connection was lost, and is made anew with the next.
            let Ok(heard) = timeout(SILENT_MAX, self.listener.try_recv()).await else {
                self.check().await?;
                continue;
            };
            let Some(heard) = heard.map_err(failed)? else {
                return Ok(None);
            };
            if let Some(news) = read(self.origin, heard.payload()) {
                return Ok(Some(news));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::Door;

    #[test]
    fn news_is_read_as_it_was_written_by_others_alone() {
        let (origin, other) = (Uuid::new_v4(), Uuid::new_v4());
        let conversations: Vec<ConversationId> = (0..450).map(|_| ConversationId::mint()).collect();
        let news = News {
            doors: vec![Door::Desk, Door::Channel(ChannelId::new("support bot"))],
            conversations: conversations.clone(),
            channels: vec![ChannelId::new("telegram")],
            arrivals: vec![ChannelId::new("telegram")],
        };
        let payloads = written(origin, &news);
        assert!(payloads.iter().all(|payload| payload.len() < 8_000));
        let mut heard = News::default();
        for payload in &payloads {
            assert_eq!(read(origin, payload), None, "it is one's own");
            let part = read(other, payload).expect("it is another's");
            heard.doors.extend(part.doors);
            heard.conversations.extend(part.conversations);
            heard.channels.extend(part.channels);
            heard.arrivals.extend(part.arrivals);
        }
        assert_eq!(heard, news);
    }

    #[test]
    fn what_a_later_release_tells_is_passed_over() {
        for payload in ["", "word", "0 door", &format!("{} weather fine", Uuid::new_v4())] {
            assert_eq!(read(Uuid::new_v4(), payload), None, "{payload}");
        }
    }
}
