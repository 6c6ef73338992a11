//! Updates, handlers, lines and takeovers at once, many times, in whatever order they fall.

use std::{
    collections::BTreeSet,
    convert::Infallible,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{sync::mpsc, task::JoinSet};

use super::{Bed, ended, said};
use crate::{
    channel::{EscalateError, Escalated, IngressPort, Offered, Started, Turn},
    intake::Port,
    model::{Escalation, Position, SessionId},
    store::{
        Ledger, Store,
        rig::{key, within},
    },
};

const UPDATES: i64 = 60;

/// One chat, its bot, and what came of each update.
struct Chat {
    n: u32,
    port: Arc<Port>,
    ledger: Arc<Ledger>,
    /// The bot's handler ran.
    handled: Mutex<Vec<i64>>,
    /// The platform was told that it is dealt with, or the handler was told that it is not to run.
    kept: Mutex<BTreeSet<i64>>,
    sessions: Mutex<Vec<SessionId>>,
}

impl Chat {
    fn new(bed: &Bed, n: u32) -> Arc<Self> {
        Arc::new(Self {
            n,
            port: Arc::clone(&bed.port),
            ledger: Arc::clone(&bed.ledger),
            handled: Mutex::default(),
            kept: Mutex::default(),
            sessions: Mutex::default(),
        })
    }

    fn is_end(position: i64) -> bool {
        position % 13 == 0
    }

    /// What stands in front of the dispatcher: offers each update until it is taken, in order.
    async fn receive(self: Arc<Self>, dispatcher: mpsc::Sender<i64>) {
        for position in 1..=UPDATES {
            pause().await;
            let update = if Self::is_end(position) {
                ended(self.n, position)
            } else {
                said(self.n, position, &position.to_string())
            };
            let offered = loop {
                match self.port.offer(update.clone()).await {
                    Ok(offered) => break offered,
                    Err(_away) => pause().await,
                }
            };
            match offered {
                Offered::Pass => dispatcher.send(position).await.expect("the dispatcher runs"),
                Offered::Kept => assert!(locked(&self.kept).insert(position)),
            }
        }
    }

    /// The dispatcher: starts the handlers in order. Some bots handle an update to its end before the next, others do not.
    async fn dispatch(self: Arc<Self>, mut updates: mpsc::Receiver<i64>, one_by_one: bool) {
        let mut handlers = JoinSet::new();
        while let Some(position) = updates.recv().await {
            pause().await;
            match self.port.start(&key(self.n), Position(position)).await {
                Started::Turn(turn) => {
                    locked(&self.handled).push(position);
                    handlers.spawn(Arc::clone(&self).handle(position, turn));
                }
                Started::Taken => assert!(locked(&self.kept).insert(position)),
            }
            while one_by_one && handlers.join_next().await.is_some() {}
        }
        handlers.join_all().await;
    }

    async fn handle(self: Arc<Self>, position: i64, turn: Turn) {
        pause().await;
        if position % 5 == 2 {
            let (one, other) = tokio::join!(self.escalate(turn.clone()), self.maybe_escalate(turn.clone()));
            for opened in [one, other].into_iter().flatten() {
                locked(&self.sessions).push(opened);
            }
        } else if position % 11 == 7 {
            let _ended_or_not = self.port.end(&key(self.n)).await.is_ok();
        }
        self.speak(&turn).await;
    }

    async fn escalate(&self, turn: Turn) -> Option<SessionId> {
        match self.port.escalate(turn, Escalation::default()).await {
            Ok(Escalated::Opened(session)) => Some(session),
            Ok(Escalated::Already(_)) | Err(EscalateError::TurnOver | EscalateError::Ingress(_)) => None,
        }
    }

    /// A double click, now and then.
    async fn maybe_escalate(&self, turn: Turn) -> Option<SessionId> {
        if fastrand::bool() {
            return None;
        }
        pause().await;
        self.escalate(turn).await
    }

    /// Says something, and looks whether the bot may, at the moment it is out.
    async fn speak(&self, turn: &Turn) {
        let said = turn.say("a line", async {
            pause().await;
            let owner = self.ledger.owners().get(&key(self.n));
            let by_human = owner.is_some_and(|owner| owner.is_human());
            assert!(!by_human, "the bot spoke while a human owns the conversation");
            Ok::<_, Infallible>(())
        });
        let _refused_or_out = said.await.is_ok();
    }

    /// Every update went one way, and the human's in order.
    async fn judge(&self) {
        let mut human = Vec::new();
        let sessions = locked(&self.sessions).clone();
        for session in &sessions {
            let lines = self.ledger.transcript(*session).await.expect("it is read");
            let lines = lines.iter().map(|line| line.text.as_str().parse::<i64>());
            let of_session: Vec<i64> = lines.map(|line| line.expect("it is one of ours")).collect();
            assert!(of_session.is_sorted(), "out of order: {of_session:?}");
            human.extend(of_session);
        }
        let told = format!("chat {}, {} sessions: the humans {human:?}", self.n, sessions.len());
        let once: BTreeSet<i64> = human.iter().copied().collect();
        assert_eq!(once.len(), human.len(), "twice: {told}");
        let handled = locked(&self.handled).clone();
        let bots: BTreeSet<i64> = handled.iter().copied().collect();
        assert_eq!(bots.len(), handled.len(), "started twice: {handled:?}");
        let kept = locked(&self.kept).clone();
        assert!(kept.is_disjoint(&bots), "kept and passed");
        let all: BTreeSet<i64> = kept.union(&bots).copied().collect();
        assert_eq!(all, (1..=UPDATES).collect(), "neither kept nor passed");
        let words: BTreeSet<i64> = kept.into_iter().filter(|position| !Self::is_end(*position)).collect();
        assert_eq!(words, once, "{told}");
    }
}

/// Lets the others run, for a while that nobody can foresee.
async fn pause() {
    for _ in 0..fastrand::usize(0..6) {
        tokio::task::yield_now().await;
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets some chats go on at once, to their end.
async fn race(bed: &Bed, chats: std::ops::Range<u32>) -> Vec<Arc<Chat>> {
    let chats: Vec<Arc<Chat>> = chats.map(|n| Chat::new(bed, n)).collect();
    let mut tasks = JoinSet::new();
    for chat in &chats {
        let (dispatcher, updates) = mpsc::channel(64);
        tasks.spawn(Arc::clone(chat).receive(dispatcher));
        tasks.spawn(Arc::clone(chat).dispatch(updates, chat.n.is_multiple_of(2)));
    }
    within(tasks.join_all()).await;
    chats
}

async fn judge(chats: &[Arc<Chat>]) {
    for chat in chats {
        chat.judge().await;
    }
    let sessions: usize = chats.iter().map(|chat| locked(&chat.sessions).len()).sum();
    assert!(sessions >= chats.len(), "there was something to race for");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_update_goes_one_way_whatever_falls_together() {
    for bed in Bed::each().await {
        for round in 0..6 {
            judge(&race(&bed, round * 20..round * 20 + 20).await).await;
        }
        bed.ledger.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_update_goes_one_way_while_the_ledger_comes_and_goes() {
    for bed in Bed::each().await {
        let over = Arc::new(AtomicBool::new(false));
        let (faults, until) = (Arc::clone(&bed.place.faults), Arc::clone(&over));
        let trouble = tokio::spawn(async move {
            while !until.load(Ordering::SeqCst) {
                faults.set_away(fastrand::u8(0..3) == 0);
                pause().await;
            }
            faults.set_away(false);
        });
        let chats = race(&bed, 0..40).await;
        over.store(true, Ordering::SeqCst);
        within(trouble).await.expect("it does not panic");
        judge(&chats).await;
        bed.ledger.close().await;
    }
}
