//! What is kept for ever, and what is not.

use std::{pin::pin, time::Duration};

use futures::poll;

use super::transcribe;
use crate::{
    model::Line,
    session::Verdict,
    store::{
        Accepted, AgeOut, Ledger, Maintained, Maintenance, Store,
        rig::{Place, agent_ends, agent_says, customer_ends, deliver_all, key, message, with_agent, within},
    },
};

const HOUR: Duration = Duration::from_hours(1);

async fn age_out(ledger: &Ledger) -> u64 {
    match ledger
        .maintain(Maintenance::AgeOut(AgeOut::default()))
        .await
        .expect("it is written")
    {
        Maintained::Removed(rows) => rows,
        other => panic!("an age-out was answered {other:?}"),
    }
}

#[tokio::test]
async fn the_first_secret_is_kept() {
    for place in Place::each().await {
        let ledger = place.open().await;
        for fresh in ["first", "second"] {
            let kept = ledger.maintain(Maintenance::Secret(fresh.to_owned())).await;
            assert_eq!(kept.expect("it is written"), Maintained::Secret("first".to_owned()));
        }
        let ledger = place.reopen(ledger).await;
        let kept = ledger.maintain(Maintenance::Secret("third".to_owned())).await;
        let kept = kept.expect("it is written");
        assert_eq!(kept, Maintained::Secret("first".to_owned()));
        assert!(!format!("{kept:?}").contains("first"), "it is not shown");
        ledger.close().await;
    }
}

#[tokio::test]
async fn two_who_make_a_secret_at_once_get_the_same() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let make = |fresh: &str| ledger.maintain(Maintenance::Secret(fresh.to_owned()));
        let (one, other) = futures::future::join(make("one"), make("other")).await;
        assert_eq!(one.expect("it is written"), other.expect("it is written"));
        ledger.close().await;
    }
}

#[tokio::test]
async fn memory_forgets_whom_no_human_owns_for_longer_than_a_mark_holds() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let over = with_agent(&ledger, 1, 1).await;
        with_agent(&ledger, 2, 1).await;
        ledger.accept(vec![agent_ends(over)]).await.expect("it is written");
        deliver_all(&ledger).await;

        place.clock.advance(HOUR * 48);
        age_out(&ledger).await;
        assert!(ledger.owners().get(&key(1)).is_some(), "its mark still holds");
        place.clock.advance(Duration::from_millis(1));
        age_out(&ledger).await;
        assert_eq!(ledger.owners().get(&key(1)), None);
        assert!(ledger.owners().get(&key(2)).is_some_and(|owner| owner.is_human()));

        // The database still knows it: its history is younger than 90 days.
        let late = ledger
            .accept(vec![agent_says(over, "late")])
            .await
            .expect("it is written");
        assert_eq!(late, [Accepted::New(Verdict::Over)]);
        let lines = ledger.transcript(over).await.expect("it is read");
        assert!(!lines.is_empty());
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_conversation_that_was_forgotten_starts_anew() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let over = with_agent(&ledger, 1, 10).await;
        ledger.accept(vec![customer_ends(1, 20)]).await.expect("it is written");
        deliver_all(&ledger).await;
        place.clock.advance(HOUR * 24 * 91);
        while age_out(&ledger).await > 0 {}
        assert_eq!(
            ledger
                .accept(vec![agent_says(over, "late")])
                .await
                .expect("it is answered"),
            [Accepted::UnknownSession]
        );
        // Telegram starts its numbers anew.
        let accepted = ledger.accept(vec![message(1, 5, "for the bot")]).await;
        assert_eq!(accepted.expect("it is answered"), [Accepted::New(Verdict::Bots)]);
        with_agent(&ledger, 1, 5).await;
        let ledger = place.reopen(ledger).await;
        assert!(ledger.owners().get(&key(1)).is_some_and(|owner| owner.is_human()));
        ledger.close().await;
    }
}

#[tokio::test]
async fn what_is_written_as_its_conversation_goes_stays() {
    for place in Place::each().await {
        let ledger = place.open().await;
        transcribe(&ledger, 1, &["old"]).await.expect("it is written");
        place.clock.advance(HOUR * 24 * 91);
        // Once the line is gone, the conversation goes with the next step: here, in one batch with a new line.
        place.faults.commits.close();
        let lines = vec![Line::bot(crate::model::Timestamp::default(), "new")];
        let (held, aged, written, ()) = futures::join!(
            transcribe(&ledger, 99, &["held"]),
            ledger.maintain(Maintenance::AgeOut(AgeOut::default())),
            ledger.maintain(Maintenance::Transcript {
                conversation: key(1),
                lines
            }),
            async {
                place.faults.commits.holds(1).await;
                place.faults.commits.open();
            }
        );
        held.expect("it is written");
        aged.expect("it is written");
        written.expect("it is written");
        let session = with_agent(&ledger, 1, 1).await;
        assert!(ledger.owners().of_session(session).is_some());
        ledger.close().await;
    }
}

#[tokio::test]
async fn a_conversation_that_is_too_old_is_begun_anew_by_what_comes_with_its_removal() {
    for place in Place::each().await {
        let ledger = place.open().await;
        let session = with_agent(&ledger, 1, 1).await;
        ledger.accept(vec![agent_ends(session)]).await.expect("it is written");
        deliver_all(&ledger).await;
        place.clock.advance(HOUR * 49);
        place.faults.commits.close();
        let mut held = pin!(transcribe(&ledger, 99, &["held"]));
        assert!(poll!(&mut held).is_pending());
        place.faults.commits.holds(1).await;
        let settings = AgeOut {
            history_for: HOUR,
            ..AgeOut::default()
        };
        let mut removed = pin!(ledger.maintain(Maintenance::AgeOut(settings)));
        let mut again = pin!(transcribe(&ledger, 1, &["hi"]));
        assert!(poll!(&mut removed).is_pending() && poll!(&mut again).is_pending());
        place.faults.commits.open();
        within(held).await.expect("it is written");
        within(again).await.expect("it is written");
        let removed = within(removed).await.expect("it is written");
        assert!(matches!(removed, Maintained::Removed(rows) if rows > 0), "{removed:?}");
        ledger.close().await;
    }
}

#[test]
fn a_secret_is_not_shown() {
    let shown = format!("{:?}", Maintenance::Secret("0123456789abcdef".to_owned()));
    assert!(!shown.contains("0123456789abcdef"), "{shown}");
}
