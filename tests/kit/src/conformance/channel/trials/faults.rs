//! What each failure of a call must be told as.

use std::{pin::pin, sync::Arc, time::Duration};

use escalator::{
    channel::ChatDelivery,
    delivery::{Outcome, Scope},
};
use futures::future::{Either, select};

use super::delivering::delivered;
use crate::conformance::{
    channel::{
        Customer, Fault,
        stage::{Stage, says, text},
    },
    trial::{Checked, ensure, same},
};

/// How many connections a channel may hold open at the most, for the trial that needs them gone.
const OLD_CONNECTIONS_MAX: usize = 8;

pub(super) async fn unreachable(stage: Arc<Stage>) -> Checked {
    let mut outcome = struck_by(&stage, Fault::Unreachable).await?;
    // A connection that stood before may break off under the call; soon there is none left.
    for _old_connection in 0..OLD_CONNECTIONS_MAX {
        if outcome.word() != "unknown" {
            break;
        }
        let ada = stage.post.look(|record| record.kept[0].conversation.clone());
        outcome = stage.deliver(&ada, &says("struck")).await?;
    }
    same(&outcome.word(), &"not_sent", "the outcome of a call that found nobody")?;
    ensure(
        matches!(outcome, Outcome::NotSent { scope: Scope::Door, .. }),
        "a call that found nobody speaks for the whole account: its scope must be the door",
    )?;
    works_again(&stage, &[]).await
}

pub(super) async fn busy(stage: Arc<Stage>) -> Checked {
    let asked = Duration::from_secs(7);
    let outcome = struck_by(&stage, Fault::Busy { retry_after: asked }).await?;
    let Outcome::NotSent { retry_after, .. } = outcome else {
        return same(
            &outcome.word(),
            &"not_sent",
            "the outcome of a call that was told to wait",
        );
    };
    let is_kept = retry_after.is_some_and(|wait| wait >= asked);
    ensure(
        is_kept,
        format!("the platform asked to wait {asked:?}, and {retry_after:?} was handed on"),
    )?;
    works_again(&stage, &[]).await
}

pub(super) async fn server_error(stage: Arc<Stage>) -> Checked {
    let outcome = struck_by(&stage, Fault::ServerError).await?;
    same(
        &outcome.word(),
        &"unknown",
        "the outcome of a call that the platform failed at",
    )?;
    works_again(&stage, &[]).await
}

pub(super) async fn lost_answer(stage: Arc<Stage>) -> Checked {
    let outcome = struck_by(&stage, Fault::LostAnswer).await?;
    same(
        &outcome.word(),
        &"unknown",
        "the outcome of a call whose answer was lost",
    )?;
    works_again(&stage, &["struck"]).await
}

/// The caller cuts the call off once it has had its effect.
pub(super) async fn silence(stage: Arc<Stage>) -> Checked {
    let ada = stage.with_ada().await?;
    stage.set_fault(Fault::Silence).await?;
    let (channel, payload, place) = (stage.channel(), says("struck"), stage.place(&ada));
    // In a box, so that it is gone when it is cut off.
    let delivering = Box::pin(channel.deliver(ChatDelivery {
        id: stage.next_id(),
        to: &ada,
        place: place.as_ref(),
        payload: &payload,
        file: None,
        attempt: 1,
    }));
    let seen = pin!(stage.sees(Customer::Ada, 1));
    match select(delivering, seen).await {
        Either::Left((outcome, _)) => same(&outcome.word(), &"unknown", "the outcome of a call without an answer")?,
        Either::Right((seen, cut)) => {
            drop(cut);
            seen?;
        }
    }
    works_again(&stage, &["struck"]).await
}

pub(super) async fn closed(stage: Arc<Stage>) -> Checked {
    let ada = stage.with_ada().await?;
    let ben = stage.conversation_of(Customer::Ben).await;
    stage.set_fault(Fault::Closed(Customer::Ada)).await?;
    let outcome = stage.deliver(&ada, &says("struck")).await?;
    same(
        &outcome.word(),
        &"rejected",
        "the outcome for a customer who cannot be reached",
    )?;
    same(&stage.shown(Customer::Ada), &Vec::new(), "what such a customer sees")?;
    // A platform with one customer has no others to harm.
    let Ok(ben) = ben else { return Ok(()) };
    delivered(&stage.deliver(&ben, &says("to Ben")).await?)?;
    same(
        &stage.sees(Customer::Ben, 1).await?,
        &vec![text("to Ben")],
        "what the other customer sees",
    )
}

pub(super) async fn account_refused(stage: Arc<Stage>) -> Checked {
    let outcome = struck_by(&stage, Fault::AccountRefused).await?;
    let Outcome::Refused { scope, .. } = outcome else {
        return same(&outcome.word(), &"refused", "the outcome where the account is refused");
    };
    same(&scope, &Scope::Door, "whom a refused account speaks for")?;
    works_again(&stage, &[]).await
}

/// What comes of a delivery that a fault strikes.
pub(super) async fn struck_by(stage: &Stage, fault: Fault) -> Checked<Outcome> {
    let ada = stage.with_ada().await?;
    stage.set_fault(fault).await?;
    stage.deliver(&ada, &says("struck")).await
}

/// The next delivery arrives, and what was struck has left this behind and no more.
async fn works_again(stage: &Stage, left: &[&str]) -> Checked {
    stage.platform.mend().await;
    let ada = stage.post.look(|record| record.kept[0].conversation.clone());
    delivered(&stage.deliver(&ada, &says("next")).await?)?;
    let wanted: Vec<_> = left.iter().chain(&["next"]).map(|words| text(words)).collect();
    let shown = stage.sees(Customer::Ada, wanted.len()).await?;
    same(&shown, &wanted, "what the customer sees of both deliveries")?;
    let no_more = || stage.shown(Customer::Ada).len() == wanted.len();
    stage
        .patience
        .stays("a delivery is not repeated by the channel", no_more)
        .await
}
