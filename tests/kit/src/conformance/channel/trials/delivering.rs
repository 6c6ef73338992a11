//! From the core to the customer, where nothing goes wrong.

use std::sync::Arc;

use escalator::delivery::{ChatPayload, NoticeKind, Outcome};

use crate::conformance::{
    channel::{
        Customer, Shown,
        stage::{Stage, notice, says, text},
    },
    trial::{Checked, ensure, same},
};

pub(super) async fn one_call(stage: Arc<Stage>) -> Checked {
    let ada = stage.with_ada().await?;
    let payloads = [
        says("one"),
        notice(NoticeKind::Waiting, "two"),
        notice(NoticeKind::Connected, "three"),
        notice(NoticeKind::Ended, "four"),
    ];
    for payload in &payloads {
        delivered(&stage.deliver(&ada, payload).await?)?;
    }
    stage.sees(Customer::Ada, 4).await?;
    let words = ["one", "two", "three", "four"].map(text).to_vec();
    let once = || stage.shown(Customer::Ada) == words;
    stage
        .patience
        .stays("each delivery is shown once, in order", once)
        .await
}

pub(super) async fn own_customer(stage: Arc<Stage>) -> Checked {
    let ada = stage.with_ada().await?;
    let ben = stage.conversation_of(Customer::Ben).await?;
    delivered(&stage.deliver(&ben, &says("to Ben")).await?)?;
    delivered(&stage.deliver(&ada, &says("to Ada")).await?)?;
    same(
        &stage.sees(Customer::Ben, 1).await?,
        &vec![text("to Ben")],
        "what Ben sees",
    )?;
    same(
        &stage.sees(Customer::Ada, 1).await?,
        &vec![text("to Ada")],
        "what Ada sees",
    )
}

pub(super) async fn agent_named(stage: Arc<Stage>) -> Checked {
    let ada = stage.with_ada().await?;
    let message = ChatPayload::Message {
        author: Some("Anna".into()),
        continues: false,
        text: "how can I help?".into(),
    };
    delivered(&stage.deliver(&ada, &message).await?)?;
    let shown = stage.sees(Customer::Ada, 1).await?;
    let is_named = |shown: &Shown| matches!(shown, Shown::Text(words) if words.contains("Anna") && words.contains("how can I help?"));
    ensure(
        shown.len() == 1 && is_named(&shown[0]),
        format!("the agent's name and words must be seen in one call: {shown:?}"),
    )
}

/// Whether a delivery arrived.
pub(super) fn delivered(outcome: &Outcome) -> Checked {
    same(
        &outcome.word(),
        &"delivered",
        "the outcome of a delivery to which nothing happened",
    )
}
