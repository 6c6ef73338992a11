//! What is the same after a restart.

use std::sync::Arc;

use crate::conformance::{
    channel::{Customer, post::Answer, stage::Stage},
    trial::{Checked, ensure, same, skipped},
};

pub(super) async fn comes_again(stage: Arc<Stage>) -> Checked {
    if !stage.platform.redelivers() {
        return skipped("the platform brings nothing again");
    }
    stage.post.answer(Answer::Fail);
    stage.connect().await;
    stage.write(Customer::Ada, "hello").await?;
    let before = stage.offered(1).await?;
    stage.stop().await?;
    stage.post.answer(Answer::Keep);
    stage.connect().await;
    let kept = stage.kept(1).await?;
    same(&kept[0].key, &before[0].key, "the key after a restart")?;
    same(&kept[0], &before[0], "the update after a restart")
}

pub(super) async fn goes_on(stage: Arc<Stage>) -> Checked {
    stage.with_ada().await?;
    stage.stop().await?;
    stage.connect().await;
    stage.conversation_of(Customer::Ada).await?;
    let kept = stage.kept(2).await?;
    same(
        &kept[1].conversation,
        &kept[0].conversation,
        "the conversation after a restart",
    )?;
    ensure(kept[1].key != kept[0].key, "another update must have another key")?;
    ensure(
        kept[1].position > kept[0].position,
        "positions must rise over a restart",
    )
}
