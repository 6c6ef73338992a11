use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Weak},
    time::Duration,
};

use serenity::{
    gateway::{CollectorCallback, ConnectionStage, ShardManager, ShardMessenger},
    model::{event::Event, id::ShardId},
};

use crate::post::Post;

/// How often new runners are looked for while one is missing or connects. Between a runner's start and its READY lie the
/// hello and the identify, which take longer.
const LOOK_OFTEN: Duration = Duration::from_millis(2);
/// How often while all are connected: a runner that ends is replaced after seconds.
const LOOK_SELDOM: Duration = Duration::from_millis(20);

/// Puts a collector on each new runner before its first event, for as long as the shards run.
pub(crate) async fn watch(shards: Weak<ShardManager>, post: Weak<Post>) {
    loop {
        let (Some(shards), Some(post)) = (shards.upgrade(), post.upgrade()) else {
            return;
        };
        let wait = look(&shards, &post).await;
        drop((shards, post));
        tokio::time::sleep(wait).await;
    }
}

async fn look(shards: &ShardManager, post: &Arc<Post>) -> Duration {
    let mut runners = shards.runners.lock().await;
    let mut all_connected = !runners.is_empty();
    for (shard, runner) in runners.iter_mut() {
        all_connected &= runner.stage == ConnectionStage::Connected;
        // A runner begins without a latency. One is noted for it, so that it is known when it is seen again; its own
        // first report replaces it.
        if runner.stage == ConnectionStage::Disconnected && runner.latency.is_none() {
            collect(post, *shard, &runner.runner_tx);
            runner.latency = Some(Duration::ZERO);
        }
    }
    if all_connected { LOOK_SELDOM } else { LOOK_OFTEN }
}

/// Notes the events of a runner from here on, instead of whoever noted those of its shard before.
pub(crate) fn collect(post: &Arc<Post>, shard: ShardId, runner: &ShardMessenger) {
    let generation = post.order.next_generation(shard);
    let notes = Arc::downgrade(post);
    runner.add_collector(CollectorCallback(Box::new(move |event| {
        // It runs inside the gateway's own loop, which a panic would end.
        catch_unwind(AssertUnwindSafe(|| note(&notes, shard, generation, event))).unwrap_or(true)
    })));
    post.order.switch(shard, generation);
}

/// `false` when the collector is not needed any more.
fn note(post: &Weak<Post>, shard: ShardId, generation: u64, event: &Event) -> bool {
    let Some(post) = post.upgrade() else {
        return false;
    };
    // Between its arrival and the switch a new one must stay.
    if post.order.notes(shard, generation) {
        post.see(shard, event);
    }
    !post.order.is_past(shard, generation)
}
