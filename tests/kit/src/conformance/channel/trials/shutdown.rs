//! The end of `run`.

use std::sync::Arc;

use bytes::Bytes;

use super::delivering::delivered;
use crate::conformance::{
    channel::{
        Customer,
        stage::{Bytes2, Stage, sends},
    },
    trial::{Checked, same, skipped},
};

pub(super) async fn idle(stage: Arc<Stage>) -> Checked {
    stage.with_ada().await?;
    let runs = || !stage.has_stopped();
    stage
        .patience
        .stays("the channel runs until it is told to stop", runs)
        .await?;
    stage.stop().await
}

pub(super) async fn update(stage: Arc<Stage>) -> Checked {
    stage.post.hold(true);
    stage.connect().await;
    stage.write(Customer::Ada, "hello").await?;
    stage.offered(1).await?;
    stage.tell_to_stop();
    // A channel that lets go of what is under way does so now.
    let none = || stage.post.look(|record| record.kept.is_empty());
    stage
        .patience
        .stays("nothing is accepted while offers are held", none)
        .await?;
    stage.post.hold(false);
    stage.kept(1).await?;
    stage.stop().await?;
    let kept = stage.post.look(|record| record.kept.len());
    same(&kept, &1, "updates that were accepted")
}

pub(super) async fn delivery(stage: Arc<Stage>) -> Checked {
    stage.connect().await;
    if !stage.channel().capabilities().files {
        return skipped("only a file can be held under way, and the channel claims none");
    }
    let ada = stage.conversation_of(Customer::Ada).await?;
    let bytes = Bytes::from_static(b"some notes on the order");
    let (file, payload) = (Bytes2::new(bytes.clone(), true), sends("notes.txt", &bytes));
    let stopping = async {
        stage.patience.until("the file is opened", || file.was_opened()).await?;
        stage.tell_to_stop();
        let none = || stage.shown(Customer::Ada).is_empty();
        stage.patience.stays("half a file is not shown", none).await?;
        file.release();
        Ok(())
    };
    let (outcome, stopped) = futures::join!(stage.deliver_file(&ada, &payload, Some(&file)), stopping);
    stopped?;
    delivered(&outcome?)?;
    same(
        &stage.sees(Customer::Ada, 1).await?.len(),
        &1,
        "files that the customer sees",
    )?;
    stage.stop().await
}
