//! Dead letters.

use anyhow::{Result, anyhow};
use escalator::{
    control::{self, Letter, LetterRow, Letters},
    delivery::DeliveryId,
};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    Done,
    age::{ago, since},
    args::{self, Action, DeadLetters, Which},
    print_json,
    reach::Reach,
    table::Table,
};

const PATH: &str = "/v1/dead-letters";

/// More than an answer holds.
const ALL: usize = 10_000;

/// What is done with a dead letter.
#[derive(Clone, Copy)]
enum Order {
    SendAgain,
    Drop,
}

pub(crate) async fn run(reach: &Reach, letters: DeadLetters, json: bool) -> Result<Done> {
    match letters.action {
        None => list(reach, &letters.which, json).await,
        Some(Action::List(which)) => list(reach, &which, json).await,
        Some(Action::Show { id }) => show(reach, id, json).await,
        Some(Action::SendAgain(chosen)) => order(reach, Order::SendAgain, chosen, json).await,
        Some(Action::Drop(chosen)) => order(reach, Order::Drop, chosen, json).await,
    }
}

#[derive(Serialize)]
struct Query<'w> {
    max: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'w str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lane: Option<String>,
}

async fn list(reach: &Reach, which: &Which, json: bool) -> Result<Done> {
    let query = Query {
        max: which.max,
        channel: which.channel.as_deref(),
        lane: which.lane.map(|lane| lane.to_string()),
    };
    let found: Letters = reach.get(PATH, &query).await?;
    if json {
        print_json(&found)?;
        return Ok(Done::All);
    }
    if found.letters.is_empty() {
        println!("There are no dead letters.");
        return Ok(Done::All);
    }
    let now = Timestamp::now();
    let mut table = Table::new(&["ID", "AGE", "WHAT", "SIZE", "CHANNEL", "CUSTOMER", "REASON"]);
    for letter in &found.letters {
        table.row([
            letter.id.clone(),
            ago(now, letter.died_at),
            letter.payload.clone(),
            size(letter),
            letter.channel.clone(),
            letter.customer.clone(),
            letter.reason.clone(),
        ]);
    }
    print!("{table}");
    if found.more {
        println!("There are more: --max shows them.");
    }
    Ok(Done::All)
}

fn size(letter: &LetterRow) -> String {
    match (letter.chars, letter.bytes) {
        (Some(chars), _) => format!("{chars} chars"),
        (None, Some(bytes)) => format!("{bytes} bytes"),
        (None, None) => "-".to_owned(),
    }
}

async fn show(reach: &Reach, id: DeliveryId, json: bool) -> Result<Done> {
    let letter: Letter = reach
        .ask("GET", &format!("{PATH}/{id}"))
        .await?
        .map_err(|why| anyhow!(why))?;
    if json {
        print_json(&letter)?;
        return Ok(Done::All);
    }
    let (now, row) = (Timestamp::now(), &letter.row);
    let moment = |at: Timestamp| format!("{} UTC ({})", at.strftime("%Y-%m-%d %H:%M:%S"), since(now, at));
    let retries = match letter.retries {
        0 => "none".to_owned(),
        retries => retries.to_string(),
    };
    let doubt = if letter.maybe_sent {
        "perhaps: what became of an attempt is not known"
    } else {
        "no"
    };
    let mut table = Table::new(&["id:", &row.id]);
    for (label, value) in [
        ("what:", row.payload.clone()),
        (
            "conversation:",
            format!("{} {} of {}", row.channel, row.address, row.customer),
        ),
        ("reason:", row.reason.clone()),
        ("died:", moment(row.died_at)),
        ("written:", moment(letter.created_at)),
        ("retries:", retries),
        ("arrived before:", doubt.to_owned()),
        ("size:", size(row)),
    ] {
        table.row([label.to_owned(), value]);
    }
    print!("{table}");
    if let Some(text) = letter.text {
        println!("\n{}", printable(&text));
    }
    Ok(Done::All)
}

/// What a customer or an agent wrote must not move the cursor.
fn printable(text: &str) -> String {
    let plain = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
    text.chars().map(plain).collect()
}

/// What became of one dead letter.
#[derive(Serialize)]
struct Fate {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    done: Option<control::Done>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

async fn order(reach: &Reach, order: Order, which: args::Chosen, json: bool) -> Result<Done> {
    let Chosen { ids, more } = chosen_of(reach, which).await?;
    if ids.is_empty() && !json {
        println!("There are no dead letters.");
        return Ok(Done::All);
    }
    let mut fates = Vec::new();
    for id in ids {
        let (method, path) = match order {
            Order::SendAgain => ("POST", format!("{PATH}/{id}/send-again")),
            Order::Drop => ("DELETE", format!("{PATH}/{id}")),
        };
        let answer = reach.ask::<control::Done>(method, &path).await?;
        let (done, error) = match answer {
            Ok(done) => (Some(done), None),
            Err(why) => (None, Some(why)),
        };
        let fate = Fate {
            id: id.to_string(),
            done,
            error,
        };
        if !json {
            tell(&fate);
        }
        fates.push(fate);
    }
    if json {
        print_json(&fates)?;
    }
    if more {
        eprintln!("error: there are more dead letters than are dealt with at once: do it again");
    }
    let all = !more && fates.iter().all(|fate| fate.error.is_none());
    Ok(if all { Done::All } else { Done::Partly })
}

/// The dead letters with which something is done.
#[derive(Debug, PartialEq, Eq)]
struct Chosen {
    ids: Vec<DeliveryId>,
    /// Whether there are others that were chosen too.
    more: bool,
}

/// Those that were named, or all there are.
async fn chosen_of(reach: &Reach, which: args::Chosen) -> Result<Chosen> {
    if !which.all {
        return Ok(Chosen {
            ids: which.ids,
            more: false,
        });
    }
    let query = Query {
        max: ALL,
        channel: which.channel.as_deref(),
        lane: which.lane.map(|lane| lane.to_string()),
    };
    all_of(&reach.get(PATH, &query).await?)
}

/// All that were found, in the order of their lanes: what is sent again comes as it was written, in whichever order it died.
fn all_of(found: &Letters) -> Result<Chosen> {
    let ids = found.letters.iter().map(|letter| letter.id.parse());
    let mut ids = ids.collect::<Result<Vec<DeliveryId>, _>>()?;
    ids.sort_unstable();
    Ok(Chosen { ids, more: found.more })
}

fn tell(fate: &Fate) {
    match (&fate.done, &fate.error) {
        (Some(control::Done::SentAgain), _) => println!("{} is sent again", fate.id),
        (Some(control::Done::Dropped), _) => println!("{} was dropped", fate.id),
        // The reason begins with the id.
        (None, Some(error)) => eprintln!("error: {error}"),
        (None, None) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_again_all_at_once_comes_in_the_order_of_its_lane_and_not_of_its_deaths() {
        let letter = |id: &str| LetterRow {
            id: id.to_owned(),
            payload: "chat.message".to_owned(),
            channel: "telegram".to_owned(),
            address: "1".to_owned(),
            customer: "1".to_owned(),
            chars: None,
            bytes: None,
            reason: "blocked".to_owned(),
            died_at: Timestamp::UNIX_EPOCH,
        };
        let lane = "chat/0199f2a4-7c1e-7b60-9f3a-2d5e8c4b1a07";
        let found = Letters {
            letters: ["9", "11", "2", "10"]
                .map(|seq| letter(&format!("{lane}/{seq}")))
                .into(),
            more: true,
        };
        let Chosen { ids, more } = all_of(&found).expect("they are ids");
        assert_eq!(ids.iter().map(|id| id.seq).collect::<Vec<_>>(), [2, 9, 10, 11]);
        assert!(more, "those that did not come are not forgotten");
    }
}
