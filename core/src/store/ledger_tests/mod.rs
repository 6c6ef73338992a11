//! What a ledger promises, over each storage. Where it means something, the ledger is closed and opened again midway.

mod ages;
mod claims;
mod ends;
mod faults;
mod files;
mod history;
mod letters;
mod order;
mod outages;
mod restart;

use std::pin::pin;

use futures::{future::join_all, poll};

use super::{
    Accepted, Incoming, Ledger, Maintained, Maintenance, Store, StoreError,
    rig::{Place, key, within},
};
use crate::model::{Line, Timestamp};

/// Lets several callers come, in their order, while a commit is held: what they bring is one batch.
async fn together(
    place: &Place,
    ledger: &Ledger,
    writes: Vec<Vec<Incoming>>,
) -> Vec<Result<Vec<Accepted>, StoreError>> {
    place.faults.commits.close();
    let mut held = pin!(transcribe(ledger, 99, &["held"]));
    assert!(poll!(&mut held).is_pending(), "it waits for its commit");
    place.faults.commits.holds(1).await;
    let mut calls: Vec<_> = writes
        .into_iter()
        .map(|events| Box::pin(ledger.accept(events)))
        .collect();
    for call in &mut calls {
        assert!(poll!(call).is_pending(), "it waits for its turn");
    }
    place.faults.commits.open();
    within(held).await.expect("it is written");
    within(join_all(calls)).await
}

/// Adds lines to the bot's part of the transcript of the conversation of a number.
async fn transcribe(ledger: &Ledger, n: u32, lines: &[&str]) -> Result<Maintained, StoreError> {
    let lines = lines.iter().map(|text| Line::bot(Timestamp::default(), *text));
    let task = Maintenance::Transcript {
        conversation: key(n),
        lines: lines.collect(),
    };
    ledger.maintain(task).await
}
