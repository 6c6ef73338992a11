//! The lanes of a batch that are locked for it.

use crate::{
    delivery::{DeliveryId, Lane},
    store::{Lease, backend::Locked, index::Lanes},
};

impl Lanes for Locked {
    fn has_rows(&self, lane: Lane) -> bool {
        self.lanes.get(&lane).is_some_and(|lane| lane.has_rows)
    }

    fn is_leased(&self, id: DeliveryId) -> bool {
        let out = self.lanes.get(&id.lane).and_then(|lane| lane.out);
        out.is_some_and(|(seq, _)| seq == id.seq)
    }

    fn has_row(&self, id: DeliveryId) -> bool {
        self.rows.contains(&id)
    }

    fn is_out(&self, lane: Lane, lease: &Lease) -> bool {
        let out = self.lanes.get(&lane).and_then(|lane| lane.out);
        out.is_some_and(|(_, fence)| fence == lease.fence())
    }
}
