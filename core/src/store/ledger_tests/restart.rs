//! What a started ledger knows of what was before.

use std::{sync::Arc, time::Duration};

use crate::{
    delivery::{Availability, ChatPayload, Door, Payload, Receipt},
    model::{Address, Clock, EventKey, OnTimeout, Position, SessionId, Timestamp},
    session::{Event, TimerKind, Verdict},
    store::{
        Accepted, ChannelFacts, DueTimer, Incoming, Ledger, SettleAs, Store, Target,
        backend::Changes,
        rig::{
            CHAT, Place, agent_ends, agent_says, claim, customer_ends, deliver_all, door, key, message, open, push_log,
            settle, with_agent, words,
        },
    },
};

fn due(timer: DueTimer) -> Incoming {
    let DueTimer { session, kind, .. } = timer;
    Incoming {
        key: EventKey::new(format!("timer:{session}")),
        target: Target::Session(session),
        event: Event::Due { session, kind },
        is_new: true,
    }
}

#[tokio::test]
async fn rows_keep_their_order_and_what_is_known_of_their_attempts() {
    for place in Place::each().await {
        let ledger = place.open().await;
        with_agent(&ledger, 1, 1).await;
        ledger
            .accept(vec![message(1, 2, "a"), message(1, 3, "b")])
            .await
            .expect("it is written");
        let created_at = place.clock.now();
        let head = claim(&ledger, &Door::Desk).await;
        let later = SettleAs::Retry {
            due: place.clock.now() + Duration::from_mins(1),
            maybe_sent: true,
        };
        settle(&ledger, &head[0], later).await;
        place.clock.advance(Duration::from_secs(1));

        let ledger = place.reopen(ledger).await;
        assert_eq!(ledger.outstanding().await, 2);
        let again = claim(&ledger, &Door::Desk).await;
        assert_eq!(words(&again), ["a"], "what waited is tried at once");
        assert_eq!((again[0].id, again[0].attempt), (head[0].id, 2));
        assert_eq!((again[0].maybe_sent, again[0].created_at), (true, created_at));
        assert_eq!(again[0].conversation, key(1));
        settle(&ledger, &again[0], SettleAs::Delivered(Receipt::None)).await;
        assert_eq!(words(&deliver_all(&ledger).await), ["b"]);
        ledger.close().await;
    }
}

#[tokio::test]
async fn the_hooks_of_a_session_are_known_until_its_late_reply_is_too_late() {
    for place in Place::each().await {
        let ledger = place.open().await;
        assert!(ledger.hook_addresses().is_empty());
        let session = with_agent(&ledger, 1, 1).await;
        let address = ledger.owners().of_session(session).expect("it stands").1.hook_address;
        let known = |ledger: &Ledger| ledger.hook_addresses().contains(&address);

        let ledger = place.reopen(ledger).await;
        assert!(known(&ledger), "it stands");
        ledger.accept(vec![agent_ends(session)]).await.expect("it is written");
        place.clock.advance(place.settings.policy.late_max);
        let ledger = place.reopen(ledger).await;
        assert!(known(&ledger), "a late reply is welcome");
        place.clock.advance(Duration::from_millis(1));
        let ledger = place.reopen(ledger).await;
        assert!(!known(&ledger), "it is over");
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_claim_is_given_back_by_a_restart() {
    for place in Place::each().await {
        let ledger = place.open().await;
        with_agent(&ledger, 1, 1).await;
        ledger.accept(vec![message(1, 2, "a")]).await.expect("it is written");
        assert_eq!(words(&claim(&ledger, &Door::Desk).await), ["a"]);
        let ledger = place.reopen(ledger).await;
        assert_eq!(words(&claim(&ledger, &Door::Desk).await), ["a"]);
        ledger.close().await;
    }
}

#[tokio::test]
async fn an_attempt_that_began_is_known_until_it_is_known_how_it_ended() {
    for place in Place::each().await {
        let ledger = place.open().await;
        ledger
            .accept(vec![push_log(1, Vec::new())])
            .await
            .expect("it is written");
        let log = claim(&ledger, &Door::Desk).await;
        assert!(!log[0].started);
        settle(&ledger, &log[0], SettleAs::Started).await;
        assert!(claim(&ledger, &Door::Desk).await.is_empty(), "the claim stands");
        let ledger = place.reopen(ledger).await;
        let log = claim(&ledger, &Door::Desk).await;
        assert!(log[0].started);
        // It never left: the next attempt is a first one.
        let again = SettleAs::Retry {
            due: place.clock.now(),
            maybe_sent: false,
        };
        settle(&ledger, &log[0], again).await;
        let ledger = place.reopen(ledger).await;
        assert!(!claim(&ledger, &Door::Desk).await[0].started);
        ledger.close().await;
    }
}

#[tokio::test]
async fn owners_and_marks_are_known() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let standing = with_agent(&ledger, 1, 10).await;
        let over = with_agent(&ledger, 2, 10).await;
        let events = vec![message(2, 11, "a"), customer_ends(2, 12)];
        ledger.accept(events).await.expect("it is written");

        let ledger = place.reopen(ledger).await;
        let human = ledger.owners().get(&key(1)).expect("a human owns it");
        assert!(human.is_human());
        assert!(human.is_former(Position(10), place.clock.now()));
        assert!(!human.is_former(Position(11), place.clock.now()));
        let (of, session) = ledger.owners().of_session(standing).expect("it stands");
        assert_eq!((of, session.with_agent), (key(1), true));
        assert_eq!(ledger.owners().of_session(over), None);
        let bots = ledger.owners().get(&key(2)).expect("a human owned it");
        assert!(!bots.is_human());

        let events = [10, 12, 13].map(|at| message(2, at, "again"));
        let accepted = ledger.accept(events.to_vec()).await.expect("it is answered");
        assert_eq!(
            accepted,
            [
                Accepted::New(Verdict::Kept),
                Accepted::Duplicate,
                Accepted::New(Verdict::Bots)
            ]
        );
        let said = ledger.accept(vec![agent_says(standing, "still here")]).await;
        assert_eq!(said.expect("it is written"), [Accepted::New(Verdict::Kept)]);
        ledger.close().await;
    }
}

#[tokio::test]
async fn timers_are_known_and_come_until_they_are_cleared() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let session = open(&ledger, 1, 1).await;
        let at = place.clock.now() + place.settings.policy.opening_max;
        assert_eq!(ledger.due_timers().await, (Vec::new(), Some(at)));
        let ledger = place.reopen(ledger).await;
        assert_eq!(ledger.due_timers().await, (Vec::new(), Some(at)));
        place.clock.advance(place.settings.policy.opening_max);
        let timer = DueTimer {
            session,
            kind: TimerKind::Opening,
            due: at,
        };
        for _ in 0..2 {
            assert_eq!(ledger.due_timers().await, (vec![timer], None));
        }
        ledger.accept(vec![due(timer)]).await.expect("it is written");
        assert_eq!(ledger.due_timers().await, (Vec::new(), None));
        assert!(ledger.owners().get(&key(1)).is_some_and(|owner| !owner.is_human()));
        let ledger = place.reopen(ledger).await;
        assert_eq!(ledger.due_timers().await, (Vec::new(), None));
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_timer_goes_by_the_settings_of_the_start_and_lets_what_was_missed_come_in_first() {
    for mut place in Place::each().await {
        place.settings.policy.silence_max = None;
        place.settings.policy.desk_away_max = None;
        let ledger = place.open().await;
        let session = with_agent(&ledger, 1, 1).await;
        assert_eq!(ledger.due_timers().await, (Vec::new(), None));
        place.clock.advance(Duration::from_hours(9));

        place.settings.policy.silence_max = Some(Duration::from_hours(1));
        place.settings.policy.warned_max = Duration::from_secs(10);
        let ledger = place.reopen(ledger).await;
        let looks_at = place.clock.now() + Duration::from_secs(10);
        assert_eq!(ledger.due_timers().await, (Vec::new(), Some(looks_at)));
        ledger
            .accept(vec![message(1, 2, "missed")])
            .await
            .expect("it is written");
        let heard_at = place.clock.now();
        place.clock.advance(Duration::from_secs(10));
        let (timers, _) = ledger.due_timers().await;
        assert_eq!((timers[0].session, timers[0].kind), (session, TimerKind::Silence));
        ledger.accept(vec![due(timers[0])]).await.expect("it is written");
        for _ in 0..2 {
            let (now_due, next) = ledger.due_timers().await;
            assert_eq!((now_due, next), (Vec::new(), Some(heard_at + Duration::from_hours(1))));
        }
        ledger.close().await;
    }
}

#[tokio::test]
async fn the_time_to_answer_a_warning_begins_when_it_arrived_over_all_restarts() {
    for place in Place::each().await {
        let warned_max = place.settings.policy.warned_max;
        let ledger = place.open().await;
        with_agent(&ledger, 1, 1).await;
        place
            .clock
            .advance(place.settings.policy.silence_max.expect("it is on"));
        let (timers, _) = ledger.due_timers().await;
        ledger.accept(vec![due(timers[0])]).await.expect("it is written");
        assert_eq!(ledger.due_timers().await, (Vec::new(), None), "it is on its way");
        place.clock.advance(warned_max * 2);

        let ledger = place.reopen(ledger).await;
        assert_eq!(ledger.due_timers().await, (Vec::new(), None), "it still is");
        let warning = claim(&ledger, &door()).await;
        settle(&ledger, &warning[0], SettleAs::Delivered(Receipt::None)).await;
        let ends_at = place.clock.now() + warned_max;
        assert_eq!(ledger.due_timers().await, (Vec::new(), Some(ends_at)));

        let ledger = place.reopen(ledger).await;
        assert_eq!(ledger.due_timers().await, (Vec::new(), Some(ends_at)));
        place.clock.advance(warned_max);
        let (timers, _) = ledger.due_timers().await;
        ledger.accept(vec![due(timers[0])]).await.expect("it is written");
        assert!(ledger.owners().get(&key(1)).is_some_and(|owner| !owner.is_human()));
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_timer_that_ran_out_while_nobody_listened_lets_what_was_missed_come_in_first() {
    for mut place in Place::each().await {
        let waiting_max = Duration::from_secs(20);
        place.settings.policy.waiting_max = Some(waiting_max);
        place.settings.policy.on_timeout = OnTimeout::LeaveMessage;
        place.settings.policy.desk_away_max = None;
        let ledger = place.open().await;
        open(&ledger, 1, 1).await;
        deliver_all(&ledger).await;
        let mut ledger = place.reopen(ledger).await;
        for (kind, listens) in [
            (TimerKind::Waiting, waiting_max),
            (TimerKind::Leaving, Duration::from_secs(30)),
        ] {
            place.clock.advance(Duration::from_hours(9));
            ledger = place.reopen(ledger).await;
            let looks_at = place.clock.now() + listens;
            assert_eq!(ledger.due_timers().await, (Vec::new(), Some(looks_at)), "{kind:?}");
            place.clock.advance(listens);
            let (timers, _) = ledger.due_timers().await;
            assert_eq!(timers.iter().map(|timer| timer.kind).collect::<Vec<_>>(), [kind]);
            ledger.accept(vec![due(timers[0])]).await.expect("it is written");
        }
        ledger.close().await;
    }
}

#[tokio::test]
async fn the_customer_learns_once_of_a_desk_that_is_away_over_all_restarts() {
    for place in Place::each().await {
        let away_max = place.settings.policy.desk_away_max.expect("it is on");
        let ledger = place.open().await;
        with_agent(&ledger, 1, 1).await;
        deliver_all(&ledger).await;
        ledger.accept(vec![message(1, 2, "a")]).await.expect("it is written");
        let mut ledger = place.reopen(ledger).await;
        for told in [1, 0, 0] {
            place.clock.advance(away_max);
            let (timers, _) = ledger.due_timers().await;
            let away = timers.iter().filter(|timer| timer.kind == TimerKind::DeskAway);
            assert_eq!(away.clone().count(), told, "{timers:?}");
            for timer in away {
                ledger.accept(vec![due(*timer)]).await.expect("it is written");
            }
            let notices = claim(&ledger, &door()).await;
            assert_eq!(notices.len(), told);
            for notice in &notices {
                settle(&ledger, notice, SettleAs::Delivered(Receipt::None)).await;
            }
            ledger = place.reopen(ledger).await;
        }
        // The desk is there again; then it is away again.
        let taken = claim(&ledger, &Door::Desk).await;
        assert_eq!(words(&taken), ["a"]);
        settle(&ledger, &taken[0], SettleAs::Delivered(Receipt::None)).await;
        ledger.accept(vec![message(1, 3, "b")]).await.expect("it is written");
        place.clock.advance(away_max);
        let (timers, _) = ledger.due_timers().await;
        assert!(timers.iter().any(|timer| timer.kind == TimerKind::DeskAway));
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_long_backlog_is_one_outage_up_to_its_last_row() {
    for place in Place::each().await {
        let away_max = place.settings.policy.desk_away_max.expect("it is on");
        let away = async |ledger: &Ledger| {
            let (timers, _) = ledger.due_timers().await;
            timers.into_iter().find(|timer| timer.kind == TimerKind::DeskAway)
        };
        let ledger = place.open().await;
        with_agent(&ledger, 1, 1).await;
        deliver_all(&ledger).await;
        let backlog = (2..14).map(|position| message(1, position, "a"));
        ledger.accept(backlog.collect()).await.expect("it is written");
        place.clock.advance(away_max);
        let timer = away(&ledger).await.expect("it is due");
        ledger.accept(vec![due(timer)]).await.expect("it is written");
        for left in (0..12).rev() {
            let head = claim(&ledger, &Door::Desk).await;
            settle(&ledger, &head[0], SettleAs::Delivered(Receipt::None)).await;
            place.clock.advance(away_max);
            assert_eq!(away(&ledger).await, None, "{left} wait, and the customer knows");
        }
        ledger.accept(vec![message(1, 14, "b")]).await.expect("it is written");
        place.clock.advance(away_max);
        assert!(away(&ledger).await.is_some(), "the next outage");
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_timer_of_a_session_that_is_gone_is_cleared() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let left_over = Changes {
            timers_set: vec![(SessionId::mint(), TimerKind::Opening, Timestamp::default())],
            ..Changes::default()
        };
        place.backend().commit(&left_over).await.expect("it is written");
        let ledger = place.reopen(ledger).await;
        place.clock.advance(Duration::from_secs(30));
        let (timers, _) = ledger.due_timers().await;
        let accepted = ledger.accept(vec![due(timers[0])]).await.expect("it is answered");
        assert_eq!(accepted, [Accepted::UnknownSession]);
        assert_eq!(ledger.due_timers().await, (Vec::new(), None));
        let ledger = place.reopen(ledger).await;
        assert_eq!(ledger.due_timers().await, (Vec::new(), None));
        ledger.close().await;
    }
}

#[tokio::test]
async fn an_older_session_is_known_by_its_id() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let mut sessions = Vec::new();
        for n in 0..3 {
            sessions.push(with_agent(&ledger, 1, 10 * n).await);
            let end = customer_ends(1, 10 * n + 5);
            ledger.accept(vec![end]).await.expect("it is written");
            deliver_all(&ledger).await;
        }
        for (session, expected) in sessions.iter().zip([Verdict::Over, Verdict::Over, Verdict::Kept]) {
            let late = ledger.accept(vec![agent_says(*session, "late")]).await;
            assert_eq!(late.expect("it is written"), [Accepted::New(expected)]);
        }
        let foreign = ledger.accept(vec![agent_says(SessionId::mint(), "who?")]).await;
        assert_eq!(foreign.expect("it is answered"), [Accepted::UnknownSession]);
        ledger.close().await;
    }
}

#[tokio::test]
async fn transcripts_and_dead_letters_are_kept() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let session = with_agent(&ledger, 1, 1).await;
        ledger.accept(vec![message(1, 2, "hi")]).await.expect("it is written");
        let claimed = claim(&ledger, &Door::Desk).await;
        let dead = SettleAs::Dead {
            detail: "the desk refuses it".to_owned(),
            maybe_sent: false,
        };
        settle(&ledger, &claimed[0], dead).await;
        let ledger = place.reopen(ledger).await;
        let lines = ledger.transcript(session).await.expect("it is read");
        let said: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(said, ["Hello", "hi"]);
        let letters = ledger.dead_letters(9).await.expect("they are read");
        assert_eq!((letters.len(), letters[0].id), (1, claimed[0].id));
        assert_eq!(letters[0].detail, "the desk refuses it");
        let told: Vec<&str> = deliver_all(&ledger)
            .await
            .iter()
            .map(|told| told.payload.word())
            .collect();
        assert_eq!(told, ["bot.event", "chat.notice"], "the bot and the customer are told");
        ledger.close().await;
    }
}

#[tokio::test]
async fn the_place_of_a_conversation_is_known_from_its_receipt_on() {
    for place in Place::each().await {
        let ledger = place.open().await;
        ledger.know_channel(key(1).channel, ChannelFacts { places: true, ..CHAT });
        open(&ledger, 1, 1).await;
        let asked = claim(&ledger, &Door::Desk).await;
        settle(
            &ledger,
            &asked[0],
            SettleAs::Delivered(Receipt::Availability(Availability::default())),
        )
        .await;
        let opens = claim(&ledger, &door()).await;
        assert!(matches!(opens[0].payload, Payload::Chat(ChatPayload::Open { .. })));
        let opened = Receipt::Place {
            place: Address::new("thread"),
        };
        settle(&ledger, &opens[0], SettleAs::Delivered(opened)).await;

        for ledger in [Arc::clone(&ledger), place.reopen(ledger).await] {
            let ownership = ledger.owners().get(&key(1)).expect("a human owns it");
            assert_eq!(ownership.place, Some(Address::new("thread")));
        }
    }
}
