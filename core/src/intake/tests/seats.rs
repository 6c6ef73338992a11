//! What stands in memory for a conversation that the bot owns.

use std::{convert::Infallible, pin::pin};

use futures::poll;

use super::{Bed, edited};
use crate::channel::{IngressPort, Offered};
use crate::store::rig::key;

#[tokio::test]
async fn a_seat_that_holds_nothing_is_given_up() {
    let bed = Bed::in_memory().await;
    let seats = || bed.intake.seats.sweep().len();
    assert_eq!(seats(), 0);
    bed.port.owner(&key(1));
    assert_eq!(seats(), 0, "a look makes none that stays");

    bed.pass(1..=1).await;
    assert_eq!(seats(), 1, "it holds what was passed");
    let turn = bed.turn(1).await;
    bed.intake.flush().await;
    assert_eq!(seats(), 1, "a turn holds it");
    drop(turn);
    assert_eq!(seats(), 0, "its line is written");
}

#[tokio::test]
async fn a_seat_whose_last_update_no_handler_starts_with_is_given_up() {
    let bed = Bed::in_memory().await;
    bed.pass(1..=1).await;
    for position in [2, 4] {
        let offered = bed.port.offer(edited(1, position, "never mind")).await;
        assert_eq!(offered.expect("it is answered"), Offered::Pass);
        drop(bed.start(1).await);
        bed.intake.flush().await;
        assert_eq!(bed.intake.seats.sweep().len(), 0, "{position}");
    }
}

#[tokio::test]
async fn a_seat_with_unwritten_lines_or_a_line_on_its_way_stays() {
    let bed = Bed::in_memory().await;
    let seats = || bed.intake.seats.sweep().len();
    let turn = bed.port.turn(&key(1)).expect("the bot owns it");
    let say = turn.say("hello", async { Ok::<_, Infallible>(()) });
    say.await.expect("the bot owns it");
    drop(turn);
    bed.place.faults.set_away(true);
    bed.intake.flush().await;
    assert_eq!(seats(), 1);
    bed.place.faults.set_away(false);

    bed.place.faults.commits.close();
    {
        let mut dropped = pin!(bed.intake.flush());
        assert!(poll!(&mut dropped).is_pending());
        assert_eq!(seats(), 1, "its lines are on their way");
    }
    bed.place.faults.commits.open();
    assert_eq!(seats(), 1, "they are put back: twice is better than never");
    bed.intake.flush().await;
    assert_eq!(seats(), 0);
}

#[tokio::test]
async fn a_seat_that_was_given_up_knows_no_turn_of_before() {
    let bed = Bed::in_memory().await;
    for round in 0..3 {
        let position = 10 * round + 1;
        bed.pass([position]).await;
        let turn = bed.turn(position).await;
        bed.opened(turn).await;
        assert_eq!(bed.intake.seats.sweep().len(), 0, "a human owns it: no seat is needed");
        assert!(bed.port.end(&key(1)).await.expect("it is committed"));
        bed.intake.flush().await;
    }
}
