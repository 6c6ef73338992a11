//! A conversation comes back.

use super::{Bed, ended};
use crate::{
    channel::{Escalated, IngressPort, Offered, Owner},
    model::DeskEvent,
    store::rig::{deliver_all, key},
};

#[tokio::test]
async fn whoever_ends_it_the_bot_speaks_again_and_never_through_an_old_turn() {
    for who in ["the bot", "the customer", "the agent"] {
        for bed in Bed::each().await {
            bed.pass(1..=1).await;
            let turn = bed.turn(1).await;
            let session = bed.opened(turn.clone()).await;
            bed.keep(2..=2).await;
            deliver_all(&bed.ledger).await;
            match who {
                "the bot" => assert!(bed.port.end(&key(1)).await.expect("it is committed")),
                "the customer" => {
                    let offered = bed.port.offer(ended(1, 3)).await;
                    assert_eq!(offered.expect("it is committed"), Offered::Kept);
                }
                _ => {
                    let heard = bed.intake.hear(session, DeskEvent::Ended).await;
                    assert_eq!(heard.expect("it is committed"), crate::intake::Heard::Taken);
                }
            }
            assert_eq!(bed.port.owner(&key(1)), Owner::Bot, "{who}");
            bed.pass(4..=5).await;
            assert!(!turn.is_current(), "{who}");
            let newer = bed.turn(4).await;
            assert!(newer.is_current(), "{who}");
            let second = bed.opened(newer).await;
            assert_ne!(session, second, "an id is never used again");
            assert_eq!(bed.told().await, ["5"], "{who}");
            bed.ledger.close().await;
        }
    }
}

#[tokio::test]
async fn an_end_where_no_human_is_changes_nothing() {
    for bed in Bed::each().await {
        assert!(!bed.port.end(&key(1)).await.expect("it is answered"));
        bed.pass(1..=1).await;
        assert!(!bed.port.end(&key(1)).await.expect("it is answered"));
        assert!(bed.turn(1).await.is_current());
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn a_turn_outside_a_handler_can_hand_over_too() {
    for bed in Bed::each().await {
        let turn = bed.port.turn(&key(1)).expect("the bot owns it");
        let session = bed.opened(turn.clone()).await;
        assert!(bed.port.turn(&key(1)).is_none());
        let again = bed.escalate(turn).await.expect("it is answered");
        assert_eq!(again, Escalated::Already(session));
        bed.keep(1..=1).await;
        assert_eq!(bed.told().await, ["1"]);
        bed.ledger.close().await;
    }
}
