//! How values of the model stand in columns.

use sqlx::{Decode, Postgres, Row, Type, postgres::PgRow};
use uuid::Uuid;

use super::failure::failed;
use crate::{
    delivery::{DeliveryId, Door, Lane},
    model::{Address, ChannelId, ConversationId, ConversationKey, CustomerId, SessionId, Timestamp},
    store::StoreError,
};

pub(super) const CHANNEL_DOOR: &str = "channel/";

/// A number that the database can hold: it has no unsigned ones.
pub(super) fn number(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::Invalid {
        detail: format!("the number {number} is too large"),
    })
}

/// `lane_kind`, `lane`
pub(super) fn lane(lane: Lane) -> (&'static str, Uuid) {
    match lane {
        Lane::Desk(session) => ("desk", session.uuid()),
        Lane::Chat(conversation) => ("chat", conversation.uuid()),
        Lane::Bot(conversation) => ("bot", conversation.uuid()),
    }
}

/// Lanes as arrays.
#[derive(Default)]
pub(super) struct LaneColumns {
    pub(super) kinds: Vec<&'static str>,
    pub(super) lanes: Vec<Uuid>,
}

impl LaneColumns {
    pub(super) fn push(&mut self, of: Lane) {
        let (kind, id) = lane(of);
        self.kinds.push(kind);
        self.lanes.push(id);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }
}

impl Extend<Lane> for LaneColumns {
    fn extend<I: IntoIterator<Item = Lane>>(&mut self, lanes: I) {
        lanes.into_iter().for_each(|lane| self.push(lane));
    }
}

/// Keys of deliveries as arrays.
#[derive(Default)]
pub(super) struct DeliveryColumns {
    pub(super) of: LaneColumns,
    pub(super) seqs: Vec<i64>,
}

impl DeliveryColumns {
    pub(super) fn of(ids: impl IntoIterator<Item = DeliveryId>) -> Result<Self, StoreError> {
        let mut columns = Self::default();
        for id in ids {
            columns.push(id)?;
        }
        Ok(columns)
    }

    pub(super) fn push(&mut self, id: DeliveryId) -> Result<(), StoreError> {
        self.seqs.push(number(id.seq)?);
        self.of.push(id.lane);
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.seqs.is_empty()
    }
}

/// A column, by its name.
pub(super) fn read<'r, T: Decode<'r, Postgres> + Type<Postgres>>(
    row: &'r PgRow,
    column: &'static str,
) -> Result<T, StoreError> {
    row.try_get(column).map_err(failed)
}

pub(super) fn read_u64(row: &PgRow, column: &'static str) -> Result<u64, StoreError> {
    let stored: i64 = read(row, column)?;
    u64::try_from(stored).map_err(|_| StoreError::corrupt(format_args!("column {column} is negative")))
}

pub(super) fn read_u32(row: &PgRow, column: &'static str) -> Result<u32, StoreError> {
    let stored: i64 = read(row, column)?;
    u32::try_from(stored).map_err(|_| StoreError::corrupt(format_args!("column {column} is out of range")))
}

pub(super) fn read_time(row: &PgRow, column: &'static str) -> Result<Timestamp, StoreError> {
    read(row, column).map(Timestamp::from_millis)
}

pub(super) fn read_lane(row: &PgRow) -> Result<Lane, StoreError> {
    let id = read(row, "lane")?;
    match read::<&str>(row, "lane_kind")? {
        "desk" => Ok(Lane::Desk(SessionId::from_uuid(id))),
        "chat" => Ok(Lane::Chat(ConversationId::from_uuid(id))),
        "bot" => Ok(Lane::Bot(ConversationId::from_uuid(id))),
        _ => Err(StoreError::corrupt("a delivery is in a lane of an unknown kind")),
    }
}

pub(super) fn read_delivery(row: &PgRow) -> Result<DeliveryId, StoreError> {
    Ok(DeliveryId {
        lane: read_lane(row)?,
        seq: read_u64(row, "seq")?,
    })
}

pub(super) fn read_key(row: &PgRow) -> Result<ConversationKey, StoreError> {
    Ok(ConversationKey {
        channel: ChannelId::new(read::<String>(row, "channel")?),
        address: Address::new(read::<String>(row, "address")?),
        customer: CustomerId::new(read::<String>(row, "customer")?),
    })
}

pub(super) fn read_door(row: &PgRow) -> Result<Door, StoreError> {
    door(read(row, "door")?).ok_or_else(|| StoreError::corrupt("a delivery waits at an unknown door"))
}

/// A door as it is displayed, read back.
pub(super) fn door(word: &str) -> Option<Door> {
    match (word, word.strip_prefix(CHANNEL_DOOR)) {
        (_, Some(channel)) => Some(Door::Channel(ChannelId::new(channel))),
        ("desk", None) => Some(Door::Desk),
        ("bot", None) => Some(Door::Bot),
        _ => None,
    }
}
