//! Sessions and queues.

use anyhow::Result;
use escalator::control::{Gate, QueueRow, Queues, Sessions};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    Done,
    age::{ago, ahead, since},
    args, print_json,
    reach::Reach,
    table::Table,
};

#[derive(Serialize)]
struct WhichSessions {
    max: usize,
    ended_within_secs: u64,
}

pub(crate) async fn sessions(reach: &Reach, which: args::Sessions, json: bool) -> Result<Done> {
    let query = WhichSessions {
        max: which.max,
        ended_within_secs: u64::from(which.ended_within) * 3_600,
    };
    let found: Sessions = reach.get("/v1/sessions", &query).await?;
    if json {
        print_json(&found)?;
        return Ok(Done::All);
    }
    if found.sessions.is_empty() {
        println!(
            "No session stands, and none ended in the last {} hours.",
            which.ended_within
        );
        return Ok(Done::All);
    }
    let now = Timestamp::now();
    let mut table = Table::new(&[
        "SESSION",
        "STATE",
        "SINCE",
        "CHANNEL",
        "ADDRESS",
        "CUSTOMER",
        "WAITING",
        "LAST ERROR",
    ]);
    for session in found.sessions {
        let state = match session.ended {
            Some(reason) => format!("{} ({reason})", session.state),
            None => session.state,
        };
        let trouble = session
            .trouble
            .map(|trouble| format!("{}, {}: {}", since(now, trouble.at), trouble.outcome, trouble.detail));
        table.row([
            session.session,
            state,
            ago(now, session.since),
            session.channel,
            session.address,
            session.customer,
            session.waiting.to_string(),
            trouble.unwrap_or_else(|| "-".to_owned()),
        ]);
    }
    print!("{table}");
    if found.more {
        println!("There are more: --max shows them.");
    }
    Ok(Done::All)
}

pub(crate) async fn queues(reach: &Reach, json: bool) -> Result<Done> {
    let found: Queues = reach.get("/v1/queues", &()).await?;
    if json {
        print_json(&found)?;
        return Ok(Done::All);
    }
    let now = Timestamp::now();
    let mut table = Table::new(&[
        "DOOR",
        "WAITING",
        "IN FLIGHT",
        "OLDEST",
        "NEXT DUE",
        "DEAD LETTERS",
        "GATE",
    ]);
    for queue in found.queues.into_iter().chain([found.total]) {
        let gate = gate(&queue);
        table.row([
            queue.door,
            queue.waiting.to_string(),
            queue.in_flight.to_string(),
            queue.oldest.map_or_else(none, |oldest| ago(now, oldest)),
            queue.next_due.map_or_else(none, |due| ahead(now, due)),
            queue.dead.to_string(),
            gate,
        ]);
    }
    print!("{table}");
    if !found.ledger_ready {
        println!("The ledger takes no writes: its disk is full or failing, or its file is locked.");
    }
    Ok(Done::All)
}

fn gate(queue: &QueueRow) -> String {
    match queue.gate {
        Some(Gate::Open) => "open".to_owned(),
        Some(Gate::Closed { probe_in_secs: 0 }) => "closed, probed now".to_owned(),
        Some(Gate::Closed { probe_in_secs }) => format!("closed, probed in {probe_in_secs} s"),
        None => none(),
    }
}

fn none() -> String {
    "-".to_owned()
}
