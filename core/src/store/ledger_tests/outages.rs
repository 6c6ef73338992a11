//! The timers of a ledger whose storage was away for a while.

use std::{sync::Arc, time::Duration};

use super::transcribe;
use crate::{
    delivery::Door,
    model::{AlbumId, Clock, CustomerEvent, CustomerMessage, EventKey, OnTimeout, SessionId},
    session::{Event, TimerKind},
    store::{
        DueTimer, Incoming, Ledger, Store, Target,
        rig::{Place, claim, deliver_all, message, open, update, with_agent},
    },
};

/// How long what was missed may take to come in, where the timer itself is longer.
const CATCH_UP: Duration = Duration::from_secs(30);

fn due(session: SessionId, kind: TimerKind) -> Incoming {
    Incoming {
        key: EventKey::new("timer"),
        target: Target::Session(session),
        event: Event::Due { session, kind },
        is_new: true,
    }
}

/// The first picture of an album.
fn part(n: u32, position: i64) -> Incoming {
    let message = CustomerMessage {
        album: Some(AlbumId::new("album")),
        ..CustomerMessage::text("look")
    };
    update(n, position, CustomerEvent::Message(message))
}

/// A session by whose state a timer of a kind runs.
async fn with_timer(ledger: &Ledger, kind: TimerKind) -> SessionId {
    match kind {
        TimerKind::Opening => open(ledger, 1, 1).await,
        // A message is left where nobody came.
        TimerKind::Waiting | TimerKind::Leaving => {
            let session = open(ledger, 1, 1).await;
            deliver_all(ledger).await;
            session
        }
        TimerKind::Silence => with_agent(ledger, 1, 1).await,
        TimerKind::Album => {
            let session = with_agent(ledger, 1, 1).await;
            ledger.accept(vec![part(1, 2)]).await.expect("it is written");
            session
        }
        TimerKind::DeskAway => {
            let session = with_agent(ledger, 1, 1).await;
            ledger.accept(vec![message(1, 2, "a")]).await.expect("it is written");
            session
        }
    }
}

/// The storage is away for a while, somebody notices, and it is there again.
async fn is_away_for(place: &Place, ledger: &Arc<Ledger>, outage: Duration) {
    place.faults.set_away(true);
    transcribe(ledger, 9, &["lost"]).await.expect_err("it is away");
    place.clock.advance(outage);
    let (due, next) = ledger.due_timers().await;
    assert_eq!(due, [], "nobody could answer it");
    assert!(next.is_some_and(|next| next > place.clock.now()), "{next:?}");
    place.faults.set_away(false);
    transcribe(ledger, 9, &["kept"]).await.expect("it is back");
}

#[tokio::test]
async fn a_timer_that_ran_out_during_an_outage_lets_what_was_missed_come_in_first() {
    for kind in TimerKind::ALL {
        for mut place in Place::each().await {
            place.settings.policy.on_timeout = OnTimeout::LeaveMessage;
            place.settings.policy.album_wait = Duration::from_mins(1);
            let ledger = place.open().await;
            let session = with_timer(&ledger, kind).await;
            if kind == TimerKind::Leaving {
                place.clock.advance(Duration::from_hours(1));
                let waited = due(session, TimerKind::Waiting);
                ledger.accept(vec![waited]).await.expect("it is written");
            }
            is_away_for(&place, &ledger, Duration::from_hours(9)).await;
            let (none, next) = ledger.due_timers().await;
            assert_eq!(
                (none, next),
                (Vec::new(), Some(place.clock.now() + CATCH_UP)),
                "{kind:?}"
            );
            place.clock.advance(CATCH_UP);
            let (timers, _) = ledger.due_timers().await;
            assert!(timers.iter().any(|timer| timer.kind == kind), "{kind:?}: {timers:?}");
            ledger.close().await;
        }
    }
}

#[tokio::test]
async fn a_short_timer_waits_no_longer_than_it_is_long() {
    for mut place in Place::each().await {
        let opening_max = Duration::from_secs(10);
        place.settings.policy.opening_max = opening_max;
        let ledger = place.open().await;
        let session = open(&ledger, 1, 1).await;
        let runs_out = place.clock.now() + opening_max;
        is_away_for(&place, &ledger, Duration::from_hours(9)).await;
        let looks_at = place.clock.now() + opening_max;
        assert_eq!(ledger.due_timers().await, (Vec::new(), Some(looks_at)));
        place.clock.advance(opening_max);
        let timer = DueTimer {
            session,
            kind: TimerKind::Opening,
            due: runs_out,
        };
        assert_eq!(ledger.due_timers().await, (vec![timer], None));
        ledger.close().await;
    }
}

#[tokio::test]
async fn what_was_missed_during_an_outage_ends_the_silence() {
    for place in Place::each().await {
        let silence_max = place.settings.policy.silence_max.expect("it is on");
        let ledger = place.open().await;
        let session = with_agent(&ledger, 1, 1).await;
        is_away_for(&place, &ledger, silence_max).await;
        ledger
            .accept(vec![message(1, 2, "missed")])
            .await
            .expect("it is written");
        assert_eq!(claim(&ledger, &Door::Desk).await.len(), 1);
        let heard_at = place.clock.now();
        place.clock.advance(CATCH_UP);
        ledger
            .accept(vec![due(session, TimerKind::Silence)])
            .await
            .expect("it is written");
        let (timers, next) = ledger.due_timers().await;
        assert_eq!(timers, [], "nobody was silent");
        let away_at = heard_at + place.settings.policy.desk_away_max.expect("it is on");
        assert_eq!(next, Some(away_at));
        ledger.close().await;
    }
}

#[tokio::test]
async fn an_outage_puts_off_nothing_that_is_due_later() {
    for place in Place::each().await {
        let silence_max = place.settings.policy.silence_max.expect("it is on");
        let ledger = place.open().await;
        with_agent(&ledger, 1, 1).await;
        let due_at = place.clock.now() + silence_max;
        is_away_for(&place, &ledger, silence_max / 2).await;
        assert_eq!(ledger.due_timers().await, (Vec::new(), Some(due_at)));
        place.clock.advance(silence_max / 2);
        assert_eq!(ledger.due_timers().await.0.len(), 1);
        ledger.close().await;
    }
}
