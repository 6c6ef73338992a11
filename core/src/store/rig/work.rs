use crate::{
    delivery::{Availability, DeskPayload, Door, Payload, Receipt},
    model::{ChannelId, SessionId, Timestamp},
    session::Verdict,
    store::{Accepted, Claimed, Ledger, Settle, SettleAs, Store},
};

use super::{agent_says, escalate};

/// The door of the tests' channel.
pub(crate) fn door() -> Door {
    Door::Channel(ChannelId::new("test"))
}

/// Hands out what is due at a door.
pub(crate) async fn claim(ledger: &Ledger, door: &Door) -> Vec<Claimed> {
    ledger.claim(door, 1_000).await.expect("it can be read").claimed
}

/// When the next lane of a door is due.
pub(crate) async fn next_at(ledger: &Ledger, door: &Door) -> Option<Timestamp> {
    ledger.claim(door, 0).await.expect("it can be read").next_due
}

/// Hands out what is due at all doors.
async fn claim_all(ledger: &Ledger) -> Vec<Claimed> {
    let mut claimed = Vec::new();
    for door in [Door::Desk, Door::Bot, door()] {
        claimed.extend(claim(ledger, &door).await);
    }
    claimed
}

pub(crate) async fn settle(ledger: &Ledger, claimed: &Claimed, as_: SettleAs) {
    let settle = Settle {
        id: claimed.id,
        payload: claimed.payload.clone(),
        as_,
        lease: claimed.lease.clone(),
    };
    ledger.settle(settle).await.expect("it can be written");
}

/// Delivers what is due until nothing is, and tells what that was, in order.
pub(crate) async fn deliver_all(ledger: &Ledger) -> Vec<Claimed> {
    let mut delivered = Vec::new();
    loop {
        let claimed = claim_all(ledger).await;
        if claimed.is_empty() {
            return delivered;
        }
        for claimed in claimed {
            settle(ledger, &claimed, SettleAs::Delivered(receipt(&claimed.payload))).await;
            delivered.push(claimed);
        }
    }
}

fn receipt(payload: &Payload) -> Receipt {
    match payload {
        Payload::Desk(DeskPayload::AskAvailability) => Receipt::Availability(Availability::default()),
        _ => Receipt::None,
    }
}

/// What deliveries said, in order.
pub(crate) fn words(claimed: &[Claimed]) -> Vec<String> {
    let readable = claimed.iter().filter_map(|claimed| claimed.payload.readable());
    readable.map(|text| text.as_str().to_owned()).collect()
}

/// Hands the conversation of a number over, and says which session that makes. The desk has not been asked yet.
pub(crate) async fn open(ledger: &Ledger, n: u32, mark: i64) -> SessionId {
    let accepted = ledger.accept(vec![escalate(n, mark)]).await.expect("it is written");
    match accepted[..] {
        [Accepted::New(Verdict::Opened(session))] => session,
        ref other => panic!("the opening was answered {other:?}"),
    }
}

/// A session in which an agent has written, with nothing left to deliver.
pub(crate) async fn with_agent(ledger: &Ledger, n: u32, mark: i64) -> SessionId {
    let session = open(ledger, n, mark).await;
    deliver_all(ledger).await;
    ledger
        .accept(vec![agent_says(session, "Hello")])
        .await
        .expect("it is written");
    deliver_all(ledger).await;
    session
}
