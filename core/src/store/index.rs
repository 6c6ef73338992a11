use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use tokio::sync::Notify;

use super::{DueTimer, Lease, backend::WaitingMark};
use crate::{
    delivery::{DeliveryId, Door, Lane},
    model::{SessionId, Timestamp},
    session::TimerKind,
};

/// Which rows wait, and which lane is due when. Complete, and changed by the writer after each commit: so a claim needs
/// no search in the database.
#[derive(Default)]
pub(super) struct Index {
    lanes: HashMap<Lane, LaneQueue>,
    doors: HashMap<Door, DoorQueue>,
    /// How many rows wait or are on their way, in all lanes.
    outstanding: usize,
    /// The timers, the longest due first.
    timers: BTreeSet<(Timestamp, SessionId, TimerKind)>,
    /// When each of them is due.
    timers_due: HashMap<(SessionId, TimerKind), Timestamp>,
    wake_timers: Arc<Notify>,
    /// Woken when nothing waits and nothing is on its way.
    idle: Arc<Notify>,
}

struct LaneQueue {
    door: Door,
    /// Waiting rows, each with the moment before which it is not tried.
    rows: BTreeMap<u64, Timestamp>,
    /// The row that is handed out. It can be gone from `rows`: then it was taken back, and is not repeated.
    leased: Option<u64>,
    /// The lane's entry in its door's queue, while it has one.
    entry: Option<Timestamp>,
}

#[derive(Default)]
struct DoorQueue {
    /// Lanes that have a head and no lease, the longest due first.
    ready: BTreeSet<(Timestamp, Lane)>,
    wake: Arc<Notify>,
}

/// What a committed batch means for the index, in order.
#[derive(Debug)]
pub(super) enum IndexChange {
    Wait(WaitingMark),
    /// The row is over and its lease with it.
    Settled(DeliveryId),
    /// The row waits again and its lease is over.
    Again(DeliveryId, Timestamp),
    TakenBack(DeliveryId),
    SetTimer(SessionId, TimerKind, Timestamp),
    ClearTimer(SessionId, TimerKind),
}

/// What a batch asks of the lanes, as they are on the disk.
pub(super) trait Lanes {
    fn has_rows(&self, lane: Lane) -> bool;

    /// How many rows wait in a lane or are on their way; where they are many, at least more than a few.
    fn rows_in(&self, lane: Lane) -> usize;

    fn is_leased(&self, id: DeliveryId) -> bool;

    /// Whether the row still waits or is on its way, and was not taken back.
    fn has_row(&self, id: DeliveryId) -> bool;

    /// Whether a lane is still out under this lease.
    fn is_out(&self, lane: Lane, lease: &Lease) -> bool;
}

/// The lanes of a ledger that belongs to one process: what it hands out comes back to it.
impl Lanes for Index {
    fn has_rows(&self, lane: Lane) -> bool {
        self.lanes.get(&lane).is_some_and(|lane| !lane.rows.is_empty())
    }

    fn rows_in(&self, lane: Lane) -> usize {
        self.lanes.get(&lane).map_or(0, |lane| lane.rows.len())
    }

    fn is_leased(&self, id: DeliveryId) -> bool {
        self.lanes.get(&id.lane).is_some_and(|lane| lane.leased == Some(id.seq))
    }

    fn has_row(&self, id: DeliveryId) -> bool {
        self.lanes
            .get(&id.lane)
            .is_some_and(|lane| lane.rows.contains_key(&id.seq))
    }

    fn is_out(&self, _: Lane, _: &Lease) -> bool {
        true
    }
}

impl Index {
    pub(super) fn apply(&mut self, changes: impl IntoIterator<Item = IndexChange>) {
        for change in changes {
            match change {
                IndexChange::Wait(mark) => self.wait(mark),
                IndexChange::Settled(id) => self.change(id, |lane| {
                    lane.rows.remove(&id.seq);
                    lane.release(id.seq);
                }),
                IndexChange::Again(id, due) => self.change(id, |lane| {
                    lane.rows.entry(id.seq).and_modify(|at| *at = due);
                    lane.release(id.seq);
                }),
                IndexChange::TakenBack(id) => self.change(id, |lane| {
                    lane.rows.remove(&id.seq);
                }),
                IndexChange::SetTimer(session, kind, due) => {
                    self.clear_timer(session, kind);
                    self.timers.insert((due, session, kind));
                    self.timers_due.insert((session, kind), due);
                    self.wake_timers.notify_one();
                }
                IndexChange::ClearTimer(session, kind) => self.clear_timer(session, kind),
            }
        }
    }

    /// Hands out the heads of due lanes. Each stays out until it is settled or [`released`](Self::release).
    pub(super) fn lease(&mut self, door: &Door, now: Timestamp, max: usize) -> Vec<DeliveryId> {
        let Some(queue) = self.doors.get_mut(door) else {
            return Vec::new();
        };
        let due: Vec<(Timestamp, Lane)> = queue
            .ready
            .iter()
            .take_while(|(due, _)| *due <= now)
            .take(max)
            .copied()
            .collect();
        due.into_iter()
            .filter_map(|entry| {
                queue.ready.remove(&entry);
                let lane = self.lanes.get_mut(&entry.1)?;
                lane.entry = None;
                lane.leased = lane.rows.keys().next().copied();
                lane.leased.map(|seq| DeliveryId { lane: entry.1, seq })
            })
            .collect()
    }

    /// Takes a lease back that came to nothing. The row waits as before; one that is `gone` does not.
    pub(super) fn release(&mut self, id: DeliveryId, gone: bool) {
        self.change(id, |lane| {
            if gone {
                lane.rows.remove(&id.seq);
            }
            lane.release(id.seq);
        });
    }

    /// When the next lane of a door is due.
    pub(super) fn next_due(&self, door: &Door) -> Option<Timestamp> {
        self.doors.get(door)?.ready.first().map(|(due, _)| *due)
    }

    pub(super) fn wake(&mut self, door: &Door) -> Arc<Notify> {
        Arc::clone(&self.doors.entry(door.clone()).or_default().wake)
    }

    /// Wakes who waits at a door: another way than the index tells that there may be something.
    pub(super) fn rouse(&self, door: &Door) {
        if let Some(queue) = self.doors.get(door) {
            queue.wake.notify_one();
        }
    }

    /// Wakes whom a commit concerns, where no index follows it.
    pub(super) fn rouse_these<'d>(&self, doors: impl Iterator<Item = &'d Door>, changes: &[IndexChange]) {
        for door in doors {
            self.rouse(door);
        }
        for change in changes {
            match change {
                IndexChange::SetTimer(..) => self.wake_timers.notify_one(),
                IndexChange::Settled(_) | IndexChange::TakenBack(_) => self.idle.notify_waiters(),
                IndexChange::Wait(_) | IndexChange::Again(..) | IndexChange::ClearTimer(..) => {}
            }
        }
    }

    /// Wakes who waits at any door, for a timer, or for the last delivery.
    pub(super) fn rouse_all(&self) {
        self.doors.values().for_each(|queue| queue.wake.notify_one());
        self.wake_timers.notify_one();
        self.idle.notify_waiters();
    }

    pub(super) fn wake_timers(&self) -> Arc<Notify> {
        Arc::clone(&self.wake_timers)
    }

    pub(super) fn idle(&self) -> Arc<Notify> {
        Arc::clone(&self.idle)
    }

    pub(super) fn due_timers(&self, now: Timestamp) -> (Vec<DueTimer>, Option<Timestamp>) {
        let due = self.timers.iter().take_while(|(due, ..)| *due <= now);
        let due: Vec<DueTimer> = due
            .map(|&(due, session, kind)| DueTimer { session, kind, due })
            .collect();
        let next = self.timers.iter().nth(due.len()).map(|(due, ..)| *due);
        (due, next)
    }

    /// Rows that wait or are on their way.
    pub(super) fn outstanding(&self) -> usize {
        self.outstanding
    }

    /// Rows of a lane that wait or are on their way.
    pub(super) fn outstanding_in(&self, lane: Lane) -> usize {
        self.lanes.get(&lane).map_or(0, LaneQueue::outstanding)
    }

    /// Rows that are on their way through a door.
    pub(super) fn in_flight(&self, door: &Door) -> usize {
        let lanes = self.lanes.values();
        lanes.filter(|lane| lane.leased.is_some() && lane.door == *door).count()
    }

    /// The doors at which rows wait or are on their way.
    pub(super) fn doors(&self) -> Vec<Door> {
        let doors: HashSet<&Door> = self.lanes.values().map(|lane| &lane.door).collect();
        doors.into_iter().cloned().collect()
    }

    fn wait(&mut self, mark: WaitingMark) {
        if !self.doors.contains_key(&mark.door) {
            self.doors.insert(mark.door.clone(), DoorQueue::default());
        }
        let lane = self.lanes.entry(mark.id.lane).or_insert_with(|| LaneQueue {
            door: mark.door,
            rows: BTreeMap::new(),
            leased: None,
            entry: None,
        });
        self.outstanding += usize::from(lane.rows.insert(mark.id.seq, mark.due).is_none());
        self.requeue(mark.id.lane);
    }

    fn change(&mut self, id: DeliveryId, change: impl FnOnce(&mut LaneQueue)) {
        if let Some(lane) = self.lanes.get_mut(&id.lane) {
            let before = lane.outstanding();
            change(lane);
            self.outstanding = self.outstanding - before + lane.outstanding();
            self.requeue(id.lane);
        }
    }

    /// Brings the lane's entry in its door's queue up to date, and drops a lane that is done.
    fn requeue(&mut self, id: Lane) {
        let Some(lane) = self.lanes.get_mut(&id) else { return };
        let queue = self
            .doors
            .get_mut(&lane.door)
            .expect("a door is known from the first row that waits at it");
        let head = lane.rows.first_key_value().map(|(_, due)| *due);
        let entry = head.filter(|_| lane.leased.is_none());
        if entry != lane.entry {
            if let Some(due) = lane.entry {
                queue.ready.remove(&(due, id));
            }
            if let Some(due) = entry {
                queue.ready.insert((due, id));
                queue.wake.notify_one();
            }
            lane.entry = entry;
        }
        if head.is_none() && lane.leased.is_none() {
            self.lanes.remove(&id);
            if self.lanes.is_empty() {
                self.idle.notify_waiters();
            }
        }
    }

    fn clear_timer(&mut self, session: SessionId, kind: TimerKind) {
        if let Some(due) = self.timers_due.remove(&(session, kind)) {
            self.timers.remove(&(due, session, kind));
        }
    }
}

impl LaneQueue {
    fn release(&mut self, seq: u64) {
        if self.leased == Some(seq) {
            self.leased = None;
        }
    }

    fn outstanding(&self) -> usize {
        let taken_back = self.leased.is_some_and(|seq| !self.rows.contains_key(&seq));
        self.rows.len() + usize::from(taken_back)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ConversationId;

    fn mark(lane: Lane, seq: u64, due: i64) -> IndexChange {
        IndexChange::Wait(WaitingMark {
            id: DeliveryId { lane, seq },
            door: Door::Desk,
            due: Timestamp::from_millis(due),
        })
    }

    #[test]
    fn a_lane_gives_out_one_row_at_a_time_in_order() {
        let lane = Lane::Chat(ConversationId::mint());
        let mut index = Index::default();
        index.apply([mark(lane, 1, 0), mark(lane, 2, 0)]);
        let now = Timestamp::from_millis(10);
        let first = index.lease(&Door::Desk, now, 8);
        assert_eq!(first, [DeliveryId { lane, seq: 1 }]);
        assert!(
            index.lease(&Door::Desk, now, 8).is_empty(),
            "the lane waits for its head"
        );
        index.apply([IndexChange::Settled(first[0])]);
        assert_eq!(index.lease(&Door::Desk, now, 8), [DeliveryId { lane, seq: 2 }]);
        index.apply([IndexChange::Settled(DeliveryId { lane, seq: 2 })]);
        assert_eq!(index.outstanding(), 0);
        assert!(index.lanes.is_empty(), "a lane that is done takes no memory");
    }

    #[test]
    fn a_head_that_waits_holds_its_lane_and_no_other() {
        let (slow, other) = (Lane::Chat(ConversationId::mint()), Lane::Chat(ConversationId::mint()));
        let mut index = Index::default();
        index.apply([mark(slow, 1, 0), mark(slow, 2, 0), mark(other, 1, 0)]);
        let now = Timestamp::from_millis(10);
        assert_eq!(index.lease(&Door::Desk, now, 8).len(), 2);
        index.apply([
            IndexChange::Again(DeliveryId { lane: slow, seq: 1 }, Timestamp::from_millis(500)),
            IndexChange::Settled(DeliveryId { lane: other, seq: 1 }),
        ]);
        assert!(
            index.lease(&Door::Desk, now, 8).is_empty(),
            "row 2 does not overtake row 1"
        );
        assert_eq!(index.next_due(&Door::Desk), Some(Timestamp::from_millis(500)));
    }

    #[test]
    fn a_row_taken_back_in_flight_keeps_its_lane_until_it_is_settled() {
        let lane = Lane::Chat(ConversationId::mint());
        let mut index = Index::default();
        index.apply([mark(lane, 1, 0)]);
        let now = Timestamp::from_millis(10);
        let out = index.lease(&Door::Desk, now, 1)[0];
        index.apply([IndexChange::TakenBack(out), mark(lane, 2, 0)]);
        assert!(!index.has_row(out));
        assert!(index.lease(&Door::Desk, now, 1).is_empty());
        index.apply([IndexChange::Again(out, now)]);
        assert_eq!(
            index.lease(&Door::Desk, now, 1),
            [DeliveryId { lane, seq: 2 }],
            "it is not repeated"
        );
    }
}
