//! What an instance does whose lease ends.

use super::{bed::Bed, exits::Answer};
use crate::{
    delivery::{Door, Outcome},
    store::{
        Store,
        rig::{message, push_log, within},
    },
};

#[tokio::test]
async fn a_call_is_cut_off_at_the_end_of_its_lease_and_not_settled() {
    let (mut bed, tenant) = Bed::tenant().await;
    bed.start();
    bed.with_agents(1..=1).await;
    bed.desk.side.gate.close();
    bed.desk.side.answers(|_| Answer::AtTheGate);
    bed.accept([message(1, 2, "hello")]).await;
    bed.desk.side.gate.holds(1).await;
    tenant.evict();
    bed.desk.side.gate.holds(0).await;
    bed.shut_down();
    within(bed.stopped()).await;
    assert_eq!(bed.ledger.outstanding().await, 1, "the delivery is another instance's");
    let claims = bed.ledger.claim(&Door::Desk, 9).await.expect("it is read");
    assert!(claims.claimed.is_empty(), "the claim stands: nothing was settled");
    bed.ledger.close().await;
}

#[tokio::test]
async fn a_call_that_must_not_be_made_twice_is_not_begun_by_who_has_lost_its_lane() {
    let (mut bed, tenant) = Bed::tenant().await;
    bed.desk.side.answers(|_| Answer::Outcome(Outcome::delivered()));
    tenant.fence();
    bed.start();
    bed.accept([push_log(1, Vec::new())]).await;
    // Its lane is out, and comes to nothing.
    within(tenant.was_fenced()).await;
    bed.shut_down();
    within(bed.stopped()).await;
    assert_eq!(bed.desk.side.delivered().len(), 0, "no call was made");
    assert_eq!(bed.ledger.outstanding().await, 1);
    bed.ledger.close().await;
}
