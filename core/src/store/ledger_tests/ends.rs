//! What becomes of what has not gone out when a session ends.

use std::time::Duration;

use futures::poll;

use super::together;
use crate::{
    delivery::{Availability, DeskPayload, Door, Payload, Receipt},
    model::{BotEvent, Clock, EndReason, EventKey},
    session::{Event, Verdict},
    store::{
        Accepted, ChannelFacts, Claimed, Incoming, Ledger, SettleAs, Store, Target,
        rig::{
            CHAT, Place, agent_ends, agent_says, claim, customer_ends, deliver_all, door, escalate, key, message,
            of_bot, open, settle, with_agent, within, words,
        },
    },
};

/// Why the conversation came back, and what came back with it.
fn handed_back(claimed: &[Claimed]) -> Option<(EndReason, Vec<String>)> {
    claimed.iter().find_map(|claimed| match &claimed.payload {
        Payload::Bot(BotEvent::HandedBack { reason, unsent, .. } | BotEvent::Failed { reason, unsent, .. }) => {
            let unsent = unsent.iter().map(|line| line.text.as_str().to_owned()).collect();
            Some((*reason, unsent))
        }
        _ => None,
    })
}

async fn accept_all(ledger: &Ledger, events: Vec<Incoming>) {
    ledger.accept(events).await.expect("it is written");
}

#[tokio::test]
async fn an_agents_end_gives_the_bot_what_has_not_gone_out() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let session = with_agent(&ledger, 1, 1).await;
        accept_all(&ledger, vec![message(1, 2, "a"), message(1, 3, "b")]).await;
        let ledger = place.reopen(ledger).await;
        accept_all(&ledger, vec![agent_ends(session)]).await;
        let told = deliver_all(&ledger).await;
        assert_eq!(
            handed_back(&told),
            Some((EndReason::Agent, vec!["a".into(), "b".into()]))
        );
        assert!(told.iter().all(|claimed| !matches!(claimed.payload, Payload::Desk(_))));
        ledger.close().await;
    }
}

#[tokio::test]
async fn an_agents_end_takes_back_the_end_of_a_session_that_is_over_but_no_words_of_the_customer() {
    for (says, waits) in [(false, 0), (true, 2)] {
        for place in Place::each().await {
            let ledger = place.open().await;
            let session = with_agent(&ledger, 1, 1).await;
            deliver_all(&ledger).await;
            if says {
                accept_all(&ledger, vec![message(1, 2, "a")]).await;
            }
            accept_all(&ledger, vec![customer_ends(1, 3)]).await;
            let ledger = place.reopen(ledger).await;
            accept_all(&ledger, vec![agent_ends(session)]).await;
            let told = deliver_all(&ledger).await;
            let at_desk = |claimed: &&Claimed| matches!(claimed.payload, Payload::Desk(_));
            assert_eq!(told.iter().filter(at_desk).count(), waits, "{told:?}");
            ledger.close().await;
        }
    }
}

#[tokio::test]
async fn what_comes_in_the_batch_of_the_end_does_not_go_out_after_it() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let session = with_agent(&ledger, 1, 1).await;
        let calls = vec![
            vec![message(1, 2, "a")],
            vec![agent_says(session, "bye")],
            vec![message(1, 3, "b")],
            vec![agent_ends(session)],
            vec![message(1, 4, "c")],
        ];
        let answers = together(&place, &ledger, calls).await;
        let last = answers.last().expect("there are five").as_deref();
        assert_eq!(last.expect("it is answered"), [Accepted::New(Verdict::Bots)]);
        let told = deliver_all(&ledger).await;
        assert_eq!(
            handed_back(&told),
            Some((EndReason::Agent, vec!["a".into(), "b".into()]))
        );
        let at_desk = |claimed: &&Claimed| matches!(claimed.payload, Payload::Desk(_));
        assert_eq!(told.iter().filter(at_desk).count(), 0, "{told:?}");
        ledger.close().await;
    }
}

#[tokio::test]
async fn what_is_on_its_way_at_an_agents_end_ends_as_it_ends_and_goes_to_the_bot_too() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let session = with_agent(&ledger, 1, 1).await;
        accept_all(&ledger, vec![message(1, 2, "a"), message(1, 3, "b")]).await;
        let claimed = claim(&ledger, &Door::Desk).await;
        assert_eq!(words(&claimed), ["a"]);
        accept_all(&ledger, vec![agent_ends(session)]).await;
        assert!(!ledger.is_wanted(claimed[0].id).await);
        let again = SettleAs::Retry {
            due: place.clock.now(),
            maybe_sent: true,
        };
        settle(&ledger, &claimed[0], again).await;
        let told = deliver_all(&ledger).await;
        assert!(told.iter().all(|claimed| !matches!(claimed.payload, Payload::Desk(_))));
        assert_eq!(
            handed_back(&told),
            Some((EndReason::Agent, vec!["a".into(), "b".into()]))
        );
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_place_that_cannot_be_opened_takes_the_waiting_lines_back_though_the_desk_has_the_session() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let with_places = ChannelFacts { places: true, ..CHAT };
        ledger.know_channel(key(1).channel, with_places);
        open(&ledger, 1, 1).await;
        for _ in 0..2 {
            let [step] = &claim(&ledger, &Door::Desk).await[..] else {
                panic!("the question stands before the opener");
            };
            let receipt = match step.payload {
                Payload::Desk(DeskPayload::AskAvailability) => Receipt::Availability(Availability::default()),
                _ => Receipt::None,
            };
            settle(&ledger, step, SettleAs::Delivered(receipt)).await;
        }
        accept_all(&ledger, vec![message(1, 2, "a")]).await;
        let ledger = place.reopen(ledger).await;
        ledger.know_channel(key(1).channel, with_places);
        let [opens, ..] = &claim(&ledger, &door()).await[..] else {
            panic!("the place stands before what is said in it");
        };
        let dead = SettleAs::Dead {
            detail: "no permission".into(),
            maybe_sent: false,
        };
        settle(&ledger, opens, dead).await;
        let told = deliver_all(&ledger).await;
        assert_eq!(handed_back(&told), Some((EndReason::NoPlace, vec!["a".into()])));
        let at_desk: Vec<_> = told
            .iter()
            .filter(|claimed| matches!(claimed.payload, Payload::Desk(_)))
            .collect();
        assert!(
            matches!(
                at_desk[..],
                [Claimed {
                    payload: Payload::Desk(DeskPayload::End),
                    ..
                }]
            ),
            "{at_desk:?}"
        );
        ledger.close().await;
    }
}

#[tokio::test]
async fn an_opening_that_is_cancelled_takes_its_rows_back() {
    for place in Place::each().await {
        let ledger = place.open().await;
        open(&ledger, 1, 1).await;
        accept_all(&ledger, vec![message(1, 2, "a")]).await;
        let ledger = place.reopen(ledger).await;
        accept_all(&ledger, vec![message(1, 3, "b"), customer_ends(1, 4)]).await;
        let told = deliver_all(&ledger).await;
        assert_eq!(
            handed_back(&told),
            Some((EndReason::Customer, vec!["a".into(), "b".into()]))
        );
        assert!(told.iter().all(|claimed| !matches!(claimed.payload, Payload::Desk(_))));
        assert_eq!(ledger.due_timers().await, (Vec::new(), None));
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_session_can_open_end_and_open_anew_in_one_batch() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let calls = vec![vec![
            escalate(1, 1),
            message(1, 2, "a"),
            customer_ends(1, 3),
            message(1, 4, "for the bot"),
            escalate(1, 4),
            message(1, 5, "b"),
        ]];
        let answers = together(&place, &ledger, calls).await;
        let answers = answers[0].as_deref().expect("it is written");
        assert!(matches!(
            answers,
            [
                Accepted::New(Verdict::Opened(first)),
                Accepted::New(Verdict::Kept),
                Accepted::New(Verdict::Kept),
                Accepted::New(Verdict::Bots),
                Accepted::New(Verdict::Opened(second)),
                Accepted::New(Verdict::Kept),
            ] if first != second
        ));
        let ledger = place.reopen(ledger).await;
        let told = deliver_all(&ledger).await;
        assert_eq!(handed_back(&told), Some((EndReason::Customer, vec!["a".into()])));
        let messages = |claimed: &&Claimed| claimed.payload.word() == "desk.message";
        let messages: Vec<Claimed> = told.iter().filter(messages).cloned().collect();
        assert_eq!(words(&messages), ["b"]);
        assert!(ledger.owners().get(&key(1)).is_some_and(|owner| owner.is_human()));
        ledger.close().await;
    }
}

#[tokio::test]
async fn an_end_where_nobody_is_served_leaves_nothing_behind() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let end = of_bot(1, None, crate::model::CustomerEvent::BotEnded);
        let accepted = ledger.accept(vec![end]).await.expect("it is answered");
        assert_eq!(accepted, [Accepted::New(Verdict::Over)]);
        let wanted = crate::store::backend::Wanted {
            keys: vec![key(1)],
            ..Default::default()
        };
        let loaded = place.backend().load(&wanted).await.expect("it is read");
        assert!(loaded.conversations.is_empty());
        ledger.close().await;
    }
}

/// The desk was asked for agents; the opener waits alone in front.
async fn opener_in_front(ledger: &Ledger) {
    open(ledger, 1, 1).await;
    let question = claim(ledger, &Door::Desk).await;
    settle(ledger, &question[0], SettleAs::Delivered(Receipt::None)).await;
}

#[tokio::test]
async fn an_opener_that_goes_out_while_its_end_is_being_written_is_followed_by_an_end() {
    for place in Place::each().await {
        let ledger = place.open().await;
        opener_in_front(&ledger).await;
        place.faults.commits.close();
        let mut cancelled = Box::pin(ledger.accept(vec![customer_ends(1, 2)]));
        assert!(poll!(&mut cancelled).is_pending());
        place.faults.commits.holds(1).await;
        let opener = claim(&ledger, &Door::Desk).await;
        assert!(ledger.is_wanted(opener[0].id).await, "nobody knows better yet");
        place.faults.commits.open();
        within(cancelled).await.expect("it is written");
        settle(&ledger, &opener[0], SettleAs::Delivered(Receipt::None)).await;
        let then = claim(&ledger, &Door::Desk).await;
        assert_eq!(then[0].payload, Payload::Desk(DeskPayload::End));
        ledger.close().await;
    }
}

#[tokio::test]
async fn an_opener_over_which_the_process_died_is_followed_by_an_end_when_it_is_too_late() {
    for place in Place::each().await {
        let ledger = place.open().await;
        opener_in_front(&ledger).await;
        assert_eq!(claim(&ledger, &Door::Desk).await.len(), 1, "the call is under way");

        let ledger = place.reopen(ledger).await;
        place.clock.advance(Duration::from_mins(3));
        let (due, _) = ledger.due_timers().await;
        let (session, kind) = (due[0].session, due[0].kind);
        let too_late = Incoming {
            key: EventKey::new("timer:1"),
            target: Target::Session(session),
            event: Event::Due { session, kind },
            is_new: true,
        };
        accept_all(&ledger, vec![too_late]).await;
        let told = deliver_all(&ledger).await;
        let to_desk = told
            .iter()
            .filter(|claimed| matches!(claimed.payload, Payload::Desk(_)));
        let to_desk: Vec<_> = to_desk.map(|claimed| &claimed.payload).collect();
        assert_eq!(to_desk, [&Payload::Desk(DeskPayload::End)]);
        ledger.close().await;
    }
}

#[tokio::test]
async fn numbers_that_start_anew_within_a_session_do_not_cost_the_bot_its_updates() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let session = with_agent(&ledger, 1, 1_000_000).await;
        accept_all(&ledger, vec![message(1, 1_000_001, "before")]).await;
        place.clock.advance(Duration::from_hours(9 * 24));
        accept_all(&ledger, vec![message(1, 500, "after a quiet week")]).await;
        accept_all(&ledger, vec![agent_ends(session)]).await;
        let answers = ledger.accept(vec![message(1, 501, "for the bot")]).await;
        assert_eq!(answers.expect("it is written"), [Accepted::New(Verdict::Bots)]);
        ledger.close().await;
    }
}
