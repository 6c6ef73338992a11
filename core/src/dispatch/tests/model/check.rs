//! What must hold when everything has come to rest.

use std::collections::{BTreeMap, BTreeSet};

use super::{IS_HUMAN, number_of, world::State};
use crate::{
    delivery::{ChatPayload, DeskPayload, Payload},
    model::{BotEvent, EndReason, SessionId},
    store::DeadLetter,
};

/// What a story came to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    pub(super) delivered: usize,
    pub(super) doubled: usize,
    pub(super) dead: usize,
}

/// Adds what is wrong to the book, and counts.
pub(super) fn check(state: &mut State, letters: &[DeadLetter], open: &BTreeSet<SessionId>) -> Count {
    let mut broken = Vec::new();
    broken.extend(customers_lines(state, letters));
    broken.extend(agents_lines(state, letters));
    broken.extend(orders(state));
    broken.extend(ends(state, open));
    broken.extend(told(state, letters));
    state.broken.extend(broken);
    count(state, letters)
}

/// A line that was taken for the human is in the ticket, given back to the bot, or a dead letter.
fn customers_lines(state: &State, letters: &[DeadLetter]) -> Vec<String> {
    let lines = state.kept.iter().filter(|line| !line.starts_with("end "));
    let missing = lines.filter(|line| {
        let at_desk = state.tickets.values().any(|(_, ticket)| ticket.contains(line));
        !at_desk && !given_back(state, line) && !is_dead(letters, line)
    });
    missing
        .map(|line| format!("lost on its way to the desk: {line}"))
        .collect()
}

fn given_back(state: &State, line: &str) -> bool {
    state.events.iter().any(|event| match event {
        BotEvent::HandedBack { unsent, .. } | BotEvent::Failed { unsent, .. } => {
            unsent.iter().any(|unsent| unsent.text.as_str() == line)
        }
        _ => false,
    })
}

fn is_dead(letters: &[DeadLetter], line: &str) -> bool {
    letters.iter().any(|letter| {
        let text = letter.payload.readable();
        text.is_some_and(|text| text.as_str().contains(line))
    })
}

/// A line of the agent that was taken is in the chat, or a dead letter.
fn agents_lines(state: &State, letters: &[DeadLetter]) -> Vec<String> {
    let lines = state.taken.values().flatten();
    let missing = lines.filter(|line| {
        let shown = state.shown.values().flatten().any(|text| text.contains(*line));
        !shown && !is_dead(letters, line)
    });
    missing
        .map(|line| format!("lost on its way to the customer: {line}"))
        .collect()
}

/// First appearances stand in the order in which they were said: in each ticket, and in each chat for each session.
fn orders(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    for (session, (n, ticket)) in &state.tickets {
        let said = state.updates.iter().filter(|(of, _)| of == n).map(|(_, words)| words);
        let firsts: Vec<_> = said
            .filter_map(|line| ticket.iter().position(|of| of == line))
            .collect();
        if !firsts.is_sorted() {
            broken.push(format!("out of order in the ticket of {session}: {ticket:?}"));
        }
    }
    for (session, lines) in &state.taken {
        let chat = state.shown.values().find(|chat| {
            let of_session = |text: &String| lines.iter().any(|line| text.contains(line));
            chat.iter().any(of_session)
        });
        let Some(chat) = chat else { continue };
        let firsts: Vec<_> = lines
            .iter()
            .filter_map(|line| chat.iter().position(|text| text.contains(line)))
            .collect();
        if !firsts.is_sorted() {
            broken.push(format!("out of order in the chat of {session}: {chat:?}"));
        }
    }
    broken
}

/// A session that is not open has one end, for one reason; of each conversation at most one is open.
fn ends(state: &State, open: &BTreeSet<SessionId>) -> Vec<String> {
    let mut reasons: BTreeMap<SessionId, BTreeSet<&'static str>> = BTreeMap::new();
    let mut owners: BTreeMap<u32, usize> = BTreeMap::new();
    for event in &state.events {
        let (session, reason) = match event {
            BotEvent::HandedBack { session, reason, .. } | BotEvent::Failed { session, reason, .. } => {
                (*session, *reason)
            }
            _ => continue,
        };
        reasons.entry(session).or_default().insert(EndReason::word(reason));
    }
    let mut broken = Vec::new();
    for (session, reasons) in &reasons {
        if reasons.len() > 1 {
            broken.push(format!("{session} ended for {reasons:?}"));
        }
        if open.contains(session) {
            broken.push(format!("{session} ended for {reasons:?} and is open"));
        }
    }
    for (session, (n, _)) in &state.tickets {
        if !reasons.contains_key(session) {
            *owners.entry(*n).or_default() += 1;
            if !open.contains(session) {
                broken.push(format!("{session} is over, and nobody was told why"));
            }
        }
    }
    let two = owners.into_iter().filter(|(_, open)| *open > 1);
    broken.extend(two.map(|(n, open)| format!("conversation {n} has {open} owners")));
    broken
}

/// Of each message that was given up somebody was told.
fn told(state: &State, letters: &[DeadLetter]) -> Vec<String> {
    let told = state.events.iter().filter_map(|event| match event {
        BotEvent::Undelivered { conversation, .. } => Some(number_of(conversation)),
        _ => None,
    });
    let mut left: Vec<u32> = told.collect();
    let mut broken = Vec::new();
    for letter in letters.iter().filter(|letter| is_message(&letter.payload)) {
        let n = number_of(&letter.conversation);
        match left.iter().position(|of| *of == n) {
            Some(at) => drop(left.swap_remove(at)),
            None => broken.push(format!("given up in silence: {} in conversation {n}", letter.id)),
        }
    }
    broken
}

fn is_message(payload: &Payload) -> bool {
    matches!(
        payload,
        Payload::Desk(DeskPayload::Message { opener: false, .. }) | Payload::Chat(ChatPayload::Message { .. })
    )
}

fn count(state: &State, letters: &[DeadLetter]) -> Count {
    let of_customers = |text: &&String| text.starts_with('c') || text.starts_with(IS_HUMAN);
    let at_desk = state
        .tickets
        .values()
        .map(|(_, ticket)| ticket.iter().filter(of_customers));
    let in_chat = state
        .shown
        .values()
        .map(|chat| chat.iter().filter(|text| !text.starts_with("Bot:")));
    let mut count = Count {
        dead: letters.len(),
        ..Count::default()
    };
    let mut add = |texts: Vec<&String>| {
        let firsts: BTreeSet<_> = texts.iter().collect();
        count.delivered += firsts.len();
        count.doubled += texts.len() - firsts.len();
    };
    at_desk.for_each(|texts| add(texts.collect()));
    for texts in in_chat {
        add(texts.filter(|text| text.contains(" a")).collect());
    }
    count
}
