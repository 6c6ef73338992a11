//! An operator's orders about dead letters. One that cannot be carried out is answered, and changes nothing.

use super::{LetterDone, Reply};
use crate::{
    delivery::DeliveryId,
    session::NotAgain,
    store::{DeadLetter, StoreError, backend::blob_of, fold::Batch, index::Lanes, ledger::Shared},
};

/// What a payload that cannot be read is called.
const UNREADABLE: &str = "unreadable";

pub(super) async fn redrive(
    shared: &Shared,
    batch: &mut Batch<'_>,
    lanes: &impl Lanes,
    id: DeliveryId,
) -> Result<Reply, StoreError> {
    if batch.waits(id, lanes) {
        return Ok(Reply::Refused(StoreError::StillWaits(id)));
    }
    let Some(letter) = find(shared, batch, id).await? else {
        return Ok(Reply::Refused(StoreError::NoDeadLetter(id)));
    };
    if let Some(blob) = blob_of(&letter.payload)
        && shared.backend.blob_bytes(blob).await?.is_none()
    {
        let why = NotAgain::FileGone;
        return Ok(Reply::Refused(StoreError::NotAgain { id, why }));
    }
    Ok(match batch.redrive(&letter) {
        Ok(()) => Reply::Letter(LetterDone::Redriven, letter.payload.word()),
        Err(refused) => Reply::Refused(refused),
    })
}

pub(super) async fn drop(
    shared: &Shared,
    batch: &mut Batch<'_>,
    lanes: &impl Lanes,
    id: DeliveryId,
) -> Result<Reply, StoreError> {
    if batch.waits(id, lanes) {
        return Ok(Reply::Refused(StoreError::StillWaits(id)));
    }
    let word = match find(shared, batch, id).await {
        Ok(Some(letter)) => letter.payload.word(),
        Ok(None) => return Ok(Reply::Refused(StoreError::NoDeadLetter(id))),
        // What cannot be read can still be dropped.
        Err(StoreError::Corrupt { .. }) => UNREADABLE,
        Err(failed) => return Err(failed),
    };
    batch.drop_letter(id);
    Ok(Reply::Letter(LetterDone::Dropped, word))
}

/// A dead letter, unless the batch drops it.
async fn find(shared: &Shared, batch: &Batch<'_>, id: DeliveryId) -> Result<Option<DeadLetter>, StoreError> {
    if batch.drops(id) {
        return Ok(None);
    }
    shared.backend.dead_letter(id).await
}
