//! What the platform brings again while the channel runs: outside its own loop, so that it is read anew.

use std::{sync::Arc, time::Duration};

use escalator::channel::Inbound;

use super::receiving::acknowledged;
use crate::conformance::{
    Patience,
    channel::{Customer, Fault, stage::Stage},
    trial::{Checked, same, skipped},
};

/// How long a channel is given to cut an offer off: longer than a platform waits for an answer.
const CUT_OFF_MAX: Duration = Duration::from_secs(5);

pub(super) async fn acknowledgement_lost(stage: Arc<Stage>) -> Checked {
    stage.set_fault(Fault::LostAcknowledgement).await?;
    stage.connect().await;
    stage.write(Customer::Ada, "hello").await?;
    acknowledged(&stage, 1).await?;
    let offers = stage.offered(1).await?;
    if offers.len() == 1 {
        return skipped("it was offered once: the channel itself knows what was accepted");
    }
    all_the_same(&offers)
}

pub(super) async fn offer_cut_off(stage: Arc<Stage>) -> Checked {
    if !stage.platform.redelivers() {
        return skipped("the platform brings nothing again");
    }
    stage.post.hold(true);
    stage.connect().await;
    stage.write(Customer::Ada, "hello").await?;
    stage.offered(1).await?;
    let patience = Patience {
        soon: stage.patience.soon.min(CUT_OFF_MAX),
        ..stage.patience
    };
    let offers = || stage.post.look(|record| record.offers.len());
    let comes_again = patience.until("the update is offered again", || offers() > 1).await;
    stage.post.hold(false);
    stage.kept(1).await?;
    acknowledged(&stage, 1).await?;
    if comes_again.is_err() {
        return skipped(format!("the channel cuts no offer off within {:?}", patience.soon));
    }
    all_the_same(&stage.offered(2).await?)
}

fn all_the_same(offers: &[Inbound]) -> Checked {
    for again in &offers[1..] {
        same(&again.key, &offers[0].key, "the key of the update that came again")?;
        same(
            &again.position,
            &offers[0].position,
            "the position of the update that came again",
        )?;
        same(again, &offers[0], "the update that came again")?;
    }
    Ok(())
}
