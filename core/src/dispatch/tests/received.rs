//! What the customer is shown of what the desk has.

use std::time::Duration;

use super::{bed::Bed, exits::Answer};
use crate::{delivery::Outcome, model::MessageId, store::rig::key};

#[tokio::test(start_paused = true)]
async fn receipts_wait_for_their_slots_and_take_none_of_typings() {
    let mut bed = Bed::paused().await;
    bed.start();
    let session = bed.with_agents([1]).await[0];
    bed.channel.side.gate.close();
    bed.channel.side.answers(|words| match words {
        "received" => Answer::AtTheGate,
        _ => Answer::Outcome(Outcome::delivered()),
    });
    let shown = |bed: &Bed| {
        let shown = bed.channel.side.delivered();
        shown.iter().filter(|words| *words == "received").count()
    };
    let many = u32::try_from(bed.settings.signals_max).expect("it is small") * 2;
    for n in 0..many {
        bed.intake.has_received(key(n), MessageId::new(n.to_string()));
    }
    bed.channel.side.gate.holds(bed.settings.receipts_max).await;
    bed.intake.hear_typing(session, true).await.expect("memory answers");
    let mut signals = bed.channel.signals.subscribe();
    let typing = tokio::time::timeout(Duration::from_secs(1), signals.wait_for(|signals| !signals.is_empty()));
    typing.await.expect("it has slots of its own").expect("it goes on");
    assert_eq!(shown(&bed), 0);
    bed.channel.side.gate.open();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(shown(&bed), many as usize);
}

#[tokio::test(start_paused = true)]
async fn a_receipt_that_hangs_or_panics_stops_no_later_one() {
    let mut bed = Bed::paused().await;
    bed.settings.receipts_max = 1;
    bed.start();
    let answers = vec![Answer::Panic, Answer::Never];
    bed.channel.side.answers_first([("received", answers)]);
    for n in 0..3 {
        bed.intake.has_received(key(n), MessageId::new(n.to_string()));
    }
    bed.channel.side.called(3).await;
    assert_eq!(bed.channel.side.delivered(), ["received"]);
}
