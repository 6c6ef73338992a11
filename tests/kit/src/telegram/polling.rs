//! `getUpdates`: long polling, confirmation, and the conflicts of two who poll.

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;
use tokio::time::Instant;

use super::{
    params::Params,
    refusal::Refusal,
    shared::Shared,
    world::{Handout, World},
};

/// The longest that the real server lets a poll wait.
const POLL_SECS_MAX: i64 = 50;

/// The most updates in one answer.
const UPDATES_MAX: usize = 100;

/// Waits for updates as long as the call wants. A poll that comes later terminates this one.
pub(crate) async fn get_updates(shared: &Shared, number: usize, params: &Params) -> Result<Value, Refusal> {
    let mut news = shared.polling();
    let poll = shared.change_polling(|world| Poll::begin(world, number, params))?;
    let secs = params.integer("timeout").unwrap_or(0).clamp(0, POLL_SECS_MAX);
    let deadline = Instant::now() + Duration::from_secs(secs.unsigned_abs());
    loop {
        news.borrow_and_update();
        let updates = shared.change(|world| poll.take(world))?;
        if !updates.is_empty() {
            return Ok(Value::Array(updates));
        }
        match tokio::time::timeout_at(deadline, news.changed()).await {
            Ok(Ok(())) => {}
            // The sender lives as long as the server, so only the deadline ends the wait.
            Ok(Err(_)) | Err(_) => return Ok(Value::Array(Vec::new())),
        }
    }
}

/// Reads a list of update kinds; absent, or not a list, leaves the last one.
pub(crate) fn remember_allowed(world: &mut World, params: &Params) {
    if let Some(Value::Array(kinds)) = params.json("allowed_updates") {
        let kinds: BTreeSet<String> = kinds
            .iter()
            .filter_map(|kind| kind.as_str().map(str::to_owned))
            .collect();
        world.queue.allow(kinds);
    }
}

struct Poll {
    turn: u64,
    handout: usize,
    limit: usize,
}

impl Poll {
    fn begin(world: &mut World, number: usize, params: &Params) -> Result<Self, Refusal> {
        if world.webhook.is_some() {
            return Err(Refusal::conflict(
                "can't use getUpdates method while webhook is active; use deleteWebhook to delete \
                 the webhook first",
            ));
        }
        remember_allowed(world, params);
        let offset = params.integer("offset");
        let confirmed = world.queue.confirm(offset.unwrap_or(0));
        world.polls.turn += 1;
        world.polls.handouts.push(Handout {
            call: number,
            offset,
            confirmed,
            handed_out: Vec::new(),
        });
        let limit = params.integer("limit").and_then(|limit| usize::try_from(limit).ok());
        Ok(Self {
            turn: world.polls.turn,
            handout: world.polls.handouts.len() - 1,
            limit: limit.unwrap_or(UPDATES_MAX).clamp(1, UPDATES_MAX),
        })
    }

    fn take(&self, world: &mut World) -> Result<Vec<Value>, Refusal> {
        if world.webhook.is_some() {
            return Err(Refusal::conflict("terminated by setWebhook request"));
        }
        if world.polls.turn != self.turn {
            return Err(Refusal::conflict(
                "terminated by other getUpdates request; make sure that only one bot instance is \
                 running",
            ));
        }
        let updates = world.queue.oldest(self.limit);
        world.polls.handouts[self.handout].handed_out = updates
            .iter()
            .filter_map(|update| update["update_id"].as_i64())
            .collect();
        Ok(updates)
    }
}
