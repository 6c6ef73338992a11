//! What the fuzz targets of this project call. No part of the interface: it changes as they need it.

use escalator::{
    channel::Inbound,
    model::{ChatLimits, ConversationKey, Formatting, LengthUnit, RichText, Text},
};
use serenity::model::event::{Event, GatewayEvent};
use uuid::Uuid;

use crate::{deed::Deed, inbound, memory::Memory, outbound};

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
    let memory = Memory::default();
    memory.see(&event);
    let deeds = Deed::of_event(&event);
    for deed in &deeds {
        drop((deed.mark(), deed.id(), deed.person()));
    }
    let inbound = deeds
        .iter()
        .filter_map(|deed| read(conversation, deed, &memory))
        .collect();
    let line = match &event {
        Event::MessageCreate(event) => inbound::line(&event.message, &memory),
        _ => None,
    };
    Some(Told { inbound, line })
}

/// How long a text may be.
pub const fn limits() -> ChatLimits {
    ChatLimits {
        text_max: outbound::CONTENT_MAX,
        text_unit: LengthUnit::Chars,
        formatting: Formatting::Own(outbound::fits),
        fetch_bytes_max: 0,
        send_bytes_max: 0,
    }
}

/// A text as it is written for Discord.
pub fn written(text: &RichText) -> String {
    outbound::written(text)
}

/// What Discord shows of it, as far as this adapter knows how Discord reads.
pub fn shown(content: &str) -> RichText {
    inbound::formatted(content, &|_| None)
}

fn read(conversation: &ConversationKey, deed: &Deed<'_>, memory: &Memory) -> Option<Inbound> {
    let (conversation, at) = (conversation.clone(), deed.id());
    match deed {
        Deed::Said(message) => Some(inbound::message(conversation, message, memory)),
        Deed::Edited(event) => inbound::edit(conversation, event, memory),
        Deed::Deleted { message, .. } => Some(inbound::deletion(conversation, *message, at, memory)),
        Deed::Reacted { reaction, is_added } => {
            let minted = Uuid::nil();
            Some(inbound::reaction(conversation, reaction, *is_added, at, minted, memory))
        }
        Deed::Interacted(_) => None,
    }
}
