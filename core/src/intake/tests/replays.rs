//! What a platform delivers again, before and after a restart.

use std::{convert::Infallible, pin::pin};

use futures::poll;

use super::{Bed, said};
use crate::{
    channel::{Escalated, IngressError, IngressPort, Offered, SayError},
    model::{ChannelId, Position},
    store::rig::{key, within},
};

#[tokio::test]
async fn after_a_restart_each_update_goes_to_whom_it_went_before() {
    for bed in Bed::each().await {
        bed.pass(1..=3).await;
        let turn = bed.turn(1).await;
        let session = bed.opened(turn).await;
        bed.keep(4..=4).await;

        let bed = bed.restart().await;
        bed.pass(1..=1).await;
        let former = bed.turn(1).await;
        assert!(!former.is_current());
        let refused: Result<(), SayError<Infallible>> = former.say("again", async { Ok(()) }).await;
        assert!(matches!(refused, Err(SayError::TakenOver(_))), "{refused:?}");
        let again = bed.escalate(former).await.expect("it is answered");
        assert_eq!(again, Escalated::Already(session));
        bed.keep(2..=4).await;
        bed.keep(5..=5).await;
        assert_eq!(bed.told().await, ["2", "3", "4", "5"]);
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn what_was_dealt_with_before_a_hand_back_is_not_the_bots() {
    for bed in Bed::each().await {
        bed.pass(1..=2).await;
        let turn = bed.turn(1).await;
        bed.opened(turn).await;
        bed.keep(3..=3).await;
        assert!(bed.port.end(&key(1)).await.expect("it is committed"));

        let bed = bed.restart().await;
        bed.keep(1..=3).await;
        for position in 1..=3 {
            assert!(bed.start(position).await.is_none(), "{position}");
        }
        bed.pass(4..=4).await;
        assert!(bed.turn(4).await.is_current());
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn an_update_of_the_bots_waits_for_no_disk_and_one_of_a_humans_does() {
    for bed in Bed::each().await {
        bed.pass(1..=1).await;
        let turn = bed.turn(1).await;
        bed.opened(turn).await;
        bed.place.faults.commits.close();
        let bots = within(bed.port.offer(said(2, 1, "for the bot"))).await;
        assert_eq!(bots.expect("memory answers"), Offered::Pass);
        {
            let mut dropped = pin!(bed.offer(2, "2"));
            assert!(poll!(&mut dropped).is_pending());
            bed.place.faults.commits.holds(1).await;
        }
        let mut again = pin!(bed.offer(2, "2"));
        assert!(poll!(&mut again).is_pending());
        bed.place.faults.commits.open();
        assert_eq!(within(again).await.expect("it is committed"), Offered::Kept);
        assert_eq!(bed.told().await, ["2"]);
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn what_cannot_be_committed_is_not_kept() {
    for bed in Bed::each().await {
        bed.pass(1..=1).await;
        let turn = bed.turn(1).await;
        bed.opened(turn).await;
        bed.place.faults.set_away(true);
        assert!(bed.intake.is_ready());
        let refused = bed.offer(2, "2").await;
        assert!(matches!(refused, Err(IngressError::Unavailable { .. })), "{refused:?}");
        assert!(!bed.intake.is_ready());
        bed.place.faults.set_away(false);
        bed.keep(2..=2).await;
        assert!(bed.intake.is_ready());
        assert_eq!(bed.told().await, ["2"]);
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn a_channel_that_was_away_knows_what_a_human_owns_and_up_to_where() {
    for bed in Bed::each().await {
        bed.pass(1..=2).await;
        let turn = bed.turn(1).await;
        bed.opened(turn).await;
        bed.keep(5..=5).await;

        let bed = bed.restart().await;
        let held = bed.port.held(&key(1).channel);
        let [held] = &held[..] else {
            panic!("one conversation is held: {held:?}");
        };
        assert_eq!((&held.conversation, held.accepted), (&key(1), Some(Position(5))));
        assert_eq!(bed.port.held(&ChannelId::new("another")), []);

        assert!(bed.port.end(&key(1)).await.expect("it is committed"));
        assert_eq!(bed.port.held(&key(1).channel), []);
        bed.ledger.close().await;
    }
}
