//! What is given up is told to whoever can still be told.

use super::{bed::Bed, exits::Answer};
use crate::{
    delivery::{Outcome, Scope},
    model::{BotEvent, OnUnknown},
    store::{
        Store,
        rig::{agent_says, message},
    },
};

/// How often the bot heard that something could not be delivered.
fn undelivered(bed: &Bed) -> usize {
    let told = |event: &&BotEvent| matches!(event, BotEvent::Undelivered { .. });
    bed.bot.heard().iter().filter(told).count()
}

#[tokio::test]
async fn the_customer_is_told_of_a_message_that_the_desk_rejects() {
    for mut bed in Bed::each().await {
        bed.start();
        bed.with_agents([1]).await;
        let before = bed.channel.side.delivered().len();
        bed.desk.side.answers_first([("a", vec![Answer::rejected()])]);
        bed.accept([message(1, 2, "a"), message(1, 3, "b")]).await;
        bed.drained().await;
        assert!(bed.desk.side.delivered().ends_with(&["b".to_owned()]));
        assert_eq!(bed.channel.side.delivered().len(), before + 1, "a notice");
        assert_eq!(undelivered(&bed), 1);
        let letters = bed.ledger.dead_letters(9).await.expect("they are read");
        assert_eq!((letters.len(), letters[0].detail.as_str()), (1, "blocked"));
        bed.shut_down();
        bed.stopped().await;
        bed.ledger.close().await;
    }
}

#[tokio::test]
async fn the_agent_is_told_in_the_ticket_of_a_customer_who_cannot_be_reached() {
    for mut bed in Bed::each().await {
        bed.start();
        let sessions = bed.with_agents([1]).await;
        bed.channel.side.answers(|_| Answer::rejected());
        bed.accept([agent_says(sessions[0], "are you there?")]).await;
        bed.drained().await;
        let told = bed.desk.side.delivered().pop().expect("the desk is told");
        assert_eq!(told, "Your message did not reach the customer: blocked");
        assert_eq!(undelivered(&bed), 1);
        bed.shut_down();
        bed.stopped().await;
        bed.ledger.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn age_makes_a_dead_letter_and_frees_the_lane() {
    let mut bed = Bed::paused().await;
    bed.start();
    bed.with_agents([1]).await;
    let begin = tokio::time::Instant::now();
    bed.desk.side.answers(|words| match words {
        "a" => Answer::not_sent(Scope::Lane, None),
        _ => Answer::Outcome(Outcome::delivered()),
    });
    bed.accept([message(1, 2, "a"), message(1, 3, "b")]).await;
    bed.drained_in_days(2).await;
    let age = begin.elapsed();
    assert!(age >= bed.settings.retry.age_max && age < bed.settings.retry.age_max + 2 * bed.settings.retry.wait_max);
    assert!(bed.desk.side.delivered().ends_with(&["b".to_owned()]));
    assert_eq!(undelivered(&bed), 1);
    let letters = bed.ledger.dead_letters(9).await.expect("they are read");
    assert!(letters[0].detail.contains("24 hours"), "{}", letters[0].detail);
}

#[tokio::test(start_paused = true)]
async fn a_text_that_is_refused_alone_holds_its_lane_up_for_minutes() {
    let mut bed = Bed::paused().await;
    bed.start();
    bed.with_agents([1]).await;
    let begin = tokio::time::Instant::now();
    bed.desk.side.answers(|words| match words {
        "a" => Answer::refused(Scope::Lane),
        _ => Answer::Outcome(Outcome::delivered()),
    });
    bed.accept([message(1, 2, "a"), message(1, 3, "b")]).await;
    bed.drained_in_days(2).await;
    let age = begin.elapsed();
    let age_max = bed.settings.retry.refused_age_max;
    assert!(
        age >= age_max && age < age_max + 2 * bed.settings.retry.wait_max,
        "{age:?}"
    );
    assert!(bed.desk.side.delivered().ends_with(&["b".to_owned()]));
    assert_eq!(undelivered(&bed), 1);
    let letters = bed.ledger.dead_letters(9).await.expect("they are read");
    assert!(letters[0].detail.contains("15 minutes"), "{}", letters[0].detail);
}

#[tokio::test]
async fn what_may_have_arrived_can_be_given_up_at_once() {
    for mut bed in Bed::each().await {
        bed.settings.on_unknown = OnUnknown::DeadLetter;
        bed.start();
        bed.with_agents([1]).await;
        bed.desk.side.answers_first([("a", vec![Answer::unknown()])]);
        bed.accept([message(1, 2, "a"), message(1, 3, "b")]).await;
        bed.drained().await;
        let called = bed.desk.side.words();
        assert_eq!(called.iter().filter(|words| *words == "a").count(), 1);
        assert!(bed.desk.side.delivered().ends_with(&["b".to_owned()]));
        assert_eq!(undelivered(&bed), 1);
        bed.shut_down();
        bed.stopped().await;
        bed.ledger.close().await;
    }
}
