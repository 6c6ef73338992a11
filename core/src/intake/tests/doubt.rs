//! What is asked of a ledger whose answer is lost.

use std::pin::pin;

use futures::poll;

use super::Bed;
use crate::{
    channel::{EscalateError, IngressError, IngressPort, Offered, Owner},
    model::{ChannelId, Contact, Escalation, HistoryRoute},
    store::{
        Store,
        rig::{Lost, deliver_all, key, within},
    },
};

#[tokio::test(start_paused = true)]
async fn while_an_escalation_is_in_doubt_the_bot_is_silent_and_updates_wait() {
    for lost in [Lost::Answer, Lost::Request] {
        let (bed, tenant) = Bed::tenant().await;
        bed.pass(1..=3).await;
        let turn = bed.turn(1).await;
        tenant.lose_all(lost);
        let answered = bed.escalate(turn.clone()).await;
        assert!(is_in_doubt(&answered), "{lost:?}: {answered:?}");
        assert!(!turn.is_current(), "{lost:?}");
        assert!(bed.port.turn(&key(1)).is_none(), "{lost:?}");
        assert_eq!(bed.port.owner(&key(1)), Owner::Human, "{lost:?}");
        let mut offered = pin!(bed.offer(4, "4"));
        assert!(poll!(&mut offered).is_pending(), "{lost:?}");
        // It went on meanwhile, and is known as soon as the ledger is back.
        tenant.reach();
        assert_eq!(
            within(offered).await.expect("it is answered"),
            Offered::Kept,
            "{lost:?}"
        );
        assert_eq!(bed.port.owner(&key(1)), Owner::Human, "{lost:?}");
        assert!(!turn.is_current(), "{lost:?}");
        assert_eq!(bed.told().await, ["2", "3", "4"], "{lost:?}");
        bed.ledger.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_escalation_in_doubt_gives_the_bot_nothing_back_when_the_channel_is_lost() {
    for lost in [Lost::Answer, Lost::Request] {
        let (bed, tenant) = Bed::tenant().await;
        bed.pass(1..=2).await;
        let turn = bed.turn(1).await;
        tenant.lose_all(lost);
        let mut escalating = pin!(bed.escalate(turn.clone()));
        assert!(poll!(&mut escalating).is_pending());
        while !tenant.is_away() {
            tokio::task::yield_now().await;
        }
        tenant.evict();
        let answered = within(escalating).await;
        assert!(is_in_doubt(&answered), "{lost:?}: {answered:?}");
        bed.intake.lose(&ChannelId::new("test"));
        tenant.reach();
        tenant.come_back();
        assert!(!turn.is_current(), "{lost:?}");
        let again = bed.escalate(turn).await;
        let session = bed.ledger.owners().get(&key(1)).and_then(|owner| owner.session);
        match lost {
            Lost::Answer => assert_eq!(again.expect("it stands").session(), session.expect("it stands").id),
            Lost::Request => {
                assert!(matches!(again, Err(EscalateError::TurnOver)), "{again:?}");
                assert_eq!(session, None);
            }
        }
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn an_end_whose_answer_is_lost_is_made_once_and_answered_as_it_was_made() {
    for lost in [Lost::Answer, Lost::Request] {
        let (bed, tenant) = Bed::tenant().await;
        bed.pass(1..=1).await;
        let turn = bed.turn(1).await;
        bed.opened(turn).await;
        deliver_all(&bed.ledger).await;
        tenant.lose(lost);
        assert!(bed.port.end(&key(1)).await.expect("it is answered"), "{lost:?}");
        assert_eq!(bed.port.owner(&key(1)), Owner::Bot, "{lost:?}");
        assert_eq!(bed.delivers("desk.end").await, 1, "{lost:?}");
        // Where no human is there is nothing to end, and that is answered too.
        tenant.lose(lost);
        assert!(!bed.port.end(&key(1)).await.expect("it is answered"), "{lost:?}");
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn a_log_whose_answer_is_lost_is_handed_in_once() {
    for lost in [Lost::Answer, Lost::Request] {
        let (bed, tenant) = Bed::tenant().await;
        bed.pass(1..=1).await;
        let turn = bed.turn(1).await;
        tenant.lose(lost);
        let pushed = bed
            .port
            .push_history(&turn, Vec::new(), HistoryRoute::Log, by_mail())
            .await;
        pushed.expect("it is handed in");
        assert_eq!(bed.delivers("desk.log").await, 1, "{lost:?}");
        bed.ledger.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_stays_in_doubt_is_answered_so() {
    let (bed, tenant) = Bed::tenant().await;
    bed.pass(1..=1).await;
    let turn = bed.turn(1).await;
    tenant.lose_all(Lost::Request);
    let pushed = bed
        .port
        .push_history(&turn, Vec::new(), HistoryRoute::Log, by_mail())
        .await;
    assert!(matches!(pushed, Err(IngressError::InDoubt { .. })), "{pushed:?}");
    tenant.reach();
    bed.opened(turn).await;
    tenant.lose_all(Lost::Answer);
    let ended = bed.port.end(&key(1)).await;
    assert!(matches!(ended, Err(IngressError::InDoubt { .. })), "{ended:?}");
    tenant.reach();
    bed.ledger.close().await;
}

fn is_in_doubt<T>(answered: &Result<T, EscalateError>) -> bool {
    matches!(answered, Err(EscalateError::Ingress(IngressError::InDoubt { .. })))
}

fn by_mail() -> Escalation {
    Escalation::because("to be read later").contact(Contact::Email("anna@example.org".to_owned()))
}

impl Bed {
    /// How many of a kind go out.
    async fn delivers(&self, word: &str) -> usize {
        let delivered = deliver_all(&self.ledger).await;
        delivered
            .iter()
            .filter(|claimed| claimed.payload.word() == word)
            .count()
    }
}
