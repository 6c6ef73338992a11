//! What the fuzz targets of this project call. No part of the interface: it changes as they need it.

use escalator::{
    channel::Inbound,
    model::{ConversationKey, Text},
};
use serenity::model::event::{Event, GatewayEvent};
use uuid::Uuid;

use crate::{deed::Deed, inbound, outbound};

/// What an event of the gateway is read as.
#[derive(Debug, Default)]
pub struct Told {
    /// What the desk would be offered.
    pub inbound: Vec<Inbound>,
    /// The line of a transcript.
    pub line: Option<Text>,
}

/// Reads what came over the gateway as an event of one conversation; `None` when it is none.
pub fn event(conversation: &ConversationKey, body: &[u8]) -> Option<Told> {
    let Ok(GatewayEvent::Dispatch(_, event)) = serde_json::from_slice(body) else {
        return None;
    };
    let deeds = Deed::of_event(&event);
    for deed in &deeds {
        drop((deed.mark(), deed.id(), deed.person()));
    }
    let inbound = deeds.iter().filter_map(|deed| read(conversation, deed)).collect();
    let line = match &event {
        Event::MessageCreate(event) => inbound::line(&event.message),
        _ => None,
    };
    Some(Told { inbound, line })
}

/// An agent's text as it is written for Discord.
pub fn written(text: &str, chars_max: usize) -> String {
    outbound::markdown::escaped(text, chars_max)
}

fn read(conversation: &ConversationKey, deed: &Deed<'_>) -> Option<Inbound> {
    let (conversation, at) = (conversation.clone(), deed.id());
    match deed {
        Deed::Said(message) => Some(inbound::message(conversation, message)),
        Deed::Edited(event) => inbound::edit(conversation, event),
        Deed::Deleted { message, .. } => Some(inbound::deletion(conversation, *message, at)),
        Deed::Reacted { reaction, is_added } => {
            Some(inbound::reaction(conversation, reaction, *is_added, at, Uuid::nil()))
        }
        Deed::Interacted(_) => None,
    }
}
