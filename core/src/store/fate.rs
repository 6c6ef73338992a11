//! What a batch does to each row, all in all: its changes are folded to one for each row, so that two statements do.

use std::collections::BTreeMap;

use super::backend::RowChange;
use crate::{
    delivery::{DeliveryId, Receipt},
    model::Timestamp,
};

/// What a batch does to a row, all in all.
#[derive(Default)]
pub(super) struct Fate<'c> {
    pub(super) receipt: Option<&'c Receipt>,
    pub(super) end: Option<End<'c>>,
    pub(super) attempts: u32,
    pub(super) due: Option<Timestamp>,
    pub(super) maybe_sent: bool,
    pub(super) started: Option<bool>,
}

/// After this nothing changes a row any more.
pub(super) enum End<'c> {
    Gone,
    Dead(&'c str),
}

/// One for each row.
pub(super) fn fates(settled: &[(DeliveryId, RowChange)]) -> BTreeMap<DeliveryId, Fate<'_>> {
    let mut fates: BTreeMap<DeliveryId, Fate<'_>> = BTreeMap::new();
    for (id, row_change) in settled {
        fates.entry(*id).or_default().add(row_change);
    }
    fates
}

impl<'c> Fate<'c> {
    fn add(&mut self, row_change: &'c RowChange) {
        if let RowChange::Delivered(receipt) = row_change {
            self.receipt = Some(receipt);
        }
        match row_change {
            _ if self.end.is_some() => {}
            RowChange::Delivered(_) | RowChange::TakenBack => self.end = Some(End::Gone),
            RowChange::Dead { detail, maybe_sent } => {
                self.end = Some(End::Dead(detail));
                self.maybe_sent |= maybe_sent;
            }
            RowChange::Retry { due, maybe_sent } => {
                self.attempts += 1;
                self.due = Some(*due);
                self.maybe_sent |= maybe_sent;
                self.started = Some(false);
            }
            RowChange::Started => self.started = Some(true),
        }
    }
}
