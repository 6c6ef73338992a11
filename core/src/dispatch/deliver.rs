use std::{future::Future, panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt;

use super::{
    Dispatch, DoorSettings,
    file::{Looked, Source},
};
use crate::{
    channel::ChatDelivery,
    delivery::{ChatPayload, DeskPayload, Door, Lane, OpenFile, Outcome, Payload},
    desk::{DeskDelivery, DeskSession},
    model::BotEvent,
    store::Claimed,
};

/// Makes one call, cut off at its deadline.
pub(super) async fn deliver(dispatch: &Dispatch, claimed: &Claimed, settings: &DoorSettings) -> Outcome {
    let file = Source::of(dispatch, &claimed.payload, &claimed.conversation.channel);
    let deadline = if file.is_some() {
        settings.file_call_max
    } else {
        settings.call_max
    };
    tracing::trace!(target: "escalator::site", site = "deliver.before", payload = claimed.payload.word());
    let outcome = match &claimed.payload {
        Payload::Desk(payload) => {
            let file = file.as_ref().map(|source| (source, deadline));
            guarded(deadline, to_desk(dispatch, claimed, payload, file)).await
        }
        Payload::Chat(payload) => guarded(deadline, to_chat(dispatch, claimed, payload, file.as_ref())).await,
        Payload::Bot(event) => guarded(deadline, to_bot(dispatch, event)).await,
    };
    tracing::trace!(target: "escalator::site", site = "deliver.after", payload = claimed.payload.word());
    outcome
}

/// Whatever the other side's code does, the lane gets an outcome.
async fn guarded(deadline: Duration, call: impl Future<Output = Outcome> + Send) -> Outcome {
    match tokio::time::timeout(deadline, AssertUnwindSafe(call).catch_unwind()).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_panic)) => Outcome::unknown("the call panicked"),
        Err(_elapsed) => Outcome::unknown(format!("no answer within {} seconds", deadline.as_secs())),
    }
}

async fn to_desk(
    dispatch: &Dispatch,
    claimed: &Claimed,
    payload: &DeskPayload,
    file: Option<(&Source, Duration)>,
) -> Outcome {
    let Lane::Desk(id) = claimed.id.lane else {
        return Outcome::rejected("a payload for the desk stood in another lane");
    };
    let session = DeskSession {
        id,
        hook_address: &claimed.hook_address,
    };
    let desk = &dispatch.exits.desk;
    let (DeskPayload::File { file, completes }, Some((source, call_max))) = (payload, file) else {
        let file = None;
        return desk.deliver(DeskDelivery { session, payload, file }).await;
    };
    match Looked::at(file, source, call_max).await {
        Ok(looked) => {
            let payload = &DeskPayload::File {
                file: looked.file.clone(),
                completes: completes.clone(),
            };
            let file = Some(&looked as &dyn OpenFile);
            desk.deliver(DeskDelivery { session, payload, file }).await
        }
        Err(outcome) => outcome,
    }
}

async fn to_chat(dispatch: &Dispatch, claimed: &Claimed, payload: &ChatPayload, file: Option<&Source>) -> Outcome {
    let Some(channel) = dispatch.exits.channels.get(&claimed.conversation.channel) else {
        return Outcome::not_sent(format!("the channel {} is not connected", claimed.conversation.channel));
    };
    let (id, to, attempt) = (claimed.id, &claimed.conversation, claimed.attempt);
    let outcome = channel
        .deliver(ChatDelivery {
            id,
            to,
            place: claimed.place.as_ref(),
            payload,
            file: file.map(|file| file as &dyn OpenFile),
            attempt,
        })
        .await;
    let is_said = matches!(payload, ChatPayload::Message { .. } | ChatPayload::File { .. });
    if is_said && matches!(outcome, Outcome::Delivered(_)) {
        dispatch.typing.ends(to);
    }
    outcome
}

async fn to_bot(dispatch: &Dispatch, event: &BotEvent) -> Outcome {
    let Some(bot) = &dispatch.exits.bot else {
        log_unheard(event);
        return Outcome::delivered();
    };
    match with_transcript(dispatch, event.clone()).await {
        Ok(event) => {
            bot.hear(event).await;
            Outcome::delivered()
        }
        Err(outcome) => outcome,
    }
}

/// Where no listener is set, what did not get through is at least written down.
fn log_unheard(event: &BotEvent) {
    match event {
        BotEvent::Undelivered { session, detail, .. } => {
            tracing::warn!(?session, detail, "undelivered, and no listener is set");
        }
        BotEvent::HandedBack { session, unsent, .. } | BotEvent::Failed { session, unsent, .. }
            if !unsent.is_empty() =>
        {
            let lines = unsent.len();
            tracing::warn!(%session, lines, "no agent got the customer's last lines, and no listener is set");
        }
        _ => {}
    }
}

/// The transcript of the human part is read when the bot is told, not stored with the event.
async fn with_transcript(dispatch: &Dispatch, mut event: BotEvent) -> Result<BotEvent, Outcome> {
    if let BotEvent::HandedBack {
        session, transcript, ..
    } = &mut event
    {
        let read = dispatch.store.transcript(*session).await;
        *transcript = read.map_err(|failed| Outcome::not_sent(failed.to_string()))?;
    }
    Ok(event)
}

impl Dispatch {
    pub(super) fn door_settings(&self, door: &Door) -> DoorSettings {
        match door {
            Door::Desk => self.settings.desk,
            Door::Channel(_) => self.settings.channel,
            Door::Bot => self.settings.bot,
        }
    }
}
