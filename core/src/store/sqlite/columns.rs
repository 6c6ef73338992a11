//! How values of the model stand in columns.

use sqlx::{Decode, Row, Sqlite, Type, sqlite::SqliteRow};
use uuid::Uuid;

use super::{failure::failed, statement::Value};
use crate::{
    delivery::{DeliveryId, Door, Lane},
    model::{Address, BlobId, ChannelId, ConversationId, ConversationKey, CustomerId, SessionId, Timestamp},
    store::StoreError,
};

const CHANNEL_DOOR: &str = "channel/";

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Integer(flag.into())
    }
}

impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Self {
        Self::Integer(at.as_millis())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Uuid> for Value {
    fn from(id: Uuid) -> Self {
        Self::Blob(id.as_bytes().to_vec())
    }
}

impl From<ConversationId> for Value {
    fn from(id: ConversationId) -> Self {
        id.uuid().into()
    }
}

impl From<SessionId> for Value {
    fn from(id: SessionId) -> Self {
        id.uuid().into()
    }
}

impl From<BlobId> for Value {
    fn from(id: BlobId) -> Self {
        id.uuid().into()
    }
}

impl<V: Into<Value>> From<Option<V>> for Value {
    fn from(value: Option<V>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A number that SQLite can hold: it has no unsigned ones.
pub(super) fn number(number: u64) -> Result<Value, StoreError> {
    i64::try_from(number)
        .map(Value::Integer)
        .map_err(|_| StoreError::Invalid {
            detail: format!("the number {number} is too large"),
        })
}

/// `lane_kind`, `lane`
pub(super) fn lane(lane: Lane) -> [Value; 2] {
    match lane {
        Lane::Desk(session) => ["desk".into(), session.into()],
        Lane::Chat(conversation) => ["chat".into(), conversation.into()],
        Lane::Bot(conversation) => ["bot".into(), conversation.into()],
    }
}

/// `lane_kind`, `lane`, `seq`
pub(super) fn delivery(id: DeliveryId) -> Result<[Value; 3], StoreError> {
    let [kind, lane] = lane(id.lane);
    Ok([kind, lane, number(id.seq)?])
}

/// `channel`, `address`, `customer`
pub(super) fn key(key: &ConversationKey) -> [Value; 3] {
    let ConversationKey {
        channel,
        address,
        customer,
    } = key;
    [
        channel.as_str().into(),
        address.as_str().into(),
        customer.as_str().into(),
    ]
}

/// `door`, as it is displayed.
pub(super) fn door(door: &Door) -> Value {
    door.to_string().into()
}

/// A column, by its name.
pub(super) fn read<'r, T: Decode<'r, Sqlite> + Type<Sqlite>>(
    row: &'r SqliteRow,
    column: &'static str,
) -> Result<T, StoreError> {
    row.try_get(column).map_err(failed)
}

pub(super) fn read_u64(row: &SqliteRow, column: &'static str) -> Result<u64, StoreError> {
    let stored: i64 = read(row, column)?;
    u64::try_from(stored).map_err(|_| StoreError::corrupt(format_args!("column {column} is negative")))
}

pub(super) fn read_u32(row: &SqliteRow, column: &'static str) -> Result<u32, StoreError> {
    let stored: i64 = read(row, column)?;
    u32::try_from(stored).map_err(|_| StoreError::corrupt(format_args!("column {column} is out of range")))
}

pub(super) fn read_time(row: &SqliteRow, column: &'static str) -> Result<Timestamp, StoreError> {
    read(row, column).map(Timestamp::from_millis)
}

pub(super) fn read_uuid(row: &SqliteRow, column: &'static str) -> Result<Uuid, StoreError> {
    let bytes: &[u8] = read(row, column)?;
    Uuid::from_slice(bytes).map_err(|_| StoreError::corrupt(format_args!("column {column} is no UUID")))
}

pub(super) fn read_lane(row: &SqliteRow) -> Result<Lane, StoreError> {
    let id = read_uuid(row, "lane")?;
    match read::<&str>(row, "lane_kind")? {
        "desk" => Ok(Lane::Desk(SessionId::from_uuid(id))),
        "chat" => Ok(Lane::Chat(ConversationId::from_uuid(id))),
        "bot" => Ok(Lane::Bot(ConversationId::from_uuid(id))),
        _ => Err(StoreError::corrupt("a delivery is in a lane of an unknown kind")),
    }
}

pub(super) fn read_delivery(row: &SqliteRow) -> Result<DeliveryId, StoreError> {
    Ok(DeliveryId {
        lane: read_lane(row)?,
        seq: read_u64(row, "seq")?,
    })
}

pub(super) fn read_key(row: &SqliteRow) -> Result<ConversationKey, StoreError> {
    Ok(ConversationKey {
        channel: ChannelId::new(read::<String>(row, "channel")?),
        address: Address::new(read::<String>(row, "address")?),
        customer: CustomerId::new(read::<String>(row, "customer")?),
    })
}

pub(super) fn read_door(row: &SqliteRow) -> Result<Door, StoreError> {
    let stored: &str = read(row, "door")?;
    match (stored, stored.strip_prefix(CHANNEL_DOOR)) {
        (_, Some(channel)) => Ok(Door::Channel(ChannelId::new(channel))),
        ("desk", None) => Ok(Door::Desk),
        ("bot", None) => Ok(Door::Bot),
        _ => Err(StoreError::corrupt("a delivery waits at an unknown door")),
    }
}
