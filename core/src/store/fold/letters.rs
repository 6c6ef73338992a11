//! Dead letters that are sent again or dropped.

use super::{Batch, door_of};
use crate::{
    delivery::DeliveryId,
    session::{Queued, may_go_again},
    store::{
        DeadLetter, StoreError,
        backend::WaitingMark,
        index::{IndexChange, Lanes},
    },
};

impl Batch<'_> {
    /// Whether a delivery waits or is on its way. `index` is as of the last commit.
    pub(in crate::store) fn waits(&self, id: DeliveryId, index: &impl Lanes) -> bool {
        self.changes.redriven.contains(&id) || index.has_row(id)
    }

    /// Whether the batch drops a dead letter.
    pub(in crate::store) fn drops(&self, id: DeliveryId) -> bool {
        self.changes.dropped.contains(&id)
    }

    /// A dead letter goes, and with it what keeps its file.
    pub(in crate::store) fn drop_letter(&mut self, id: DeliveryId) {
        self.changes.dropped.push(id);
    }

    /// A dead letter goes back to its place in its lane: in front of whatever was numbered after it.
    pub(in crate::store) fn redrive(&mut self, letter: &DeadLetter) -> Result<(), StoreError> {
        let id = letter.id;
        // Never seen: a conversation stays for as long as it has rows.
        let conversation = self.of_lane(id.lane).ok_or(StoreError::NoDeadLetter(id))?;
        may_go_again(conversation, id, &letter.payload).map_err(|why| StoreError::NotAgain { id, why })?;
        let door = door_of(conversation, id.lane);
        if let Some(rows) = self.lanes.get_mut(&id.lane) {
            let at = rows.partition_point(|row| row.seq < id.seq);
            let queued = Queued {
                seq: id.seq,
                payload: letter.payload.clone(),
                in_flight: false,
                maybe_sent: letter.maybe_sent,
                since: self.now,
            };
            rows.insert(at, queued);
        }
        let due = self.now;
        self.index.push(IndexChange::Wait(WaitingMark { id, door, due }));
        self.changes.redriven.push(id);
        Ok(())
    }
}
