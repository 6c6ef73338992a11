//! From the platform to the ingress.

use std::sync::Arc;

use escalator::model::CustomerEvent;

use crate::conformance::{
    channel::{Act, Customer, post::Answer, stage::Stage},
    trial::{Checked, ensure, same},
};

pub(super) async fn acknowledged_after(stage: Arc<Stage>) -> Checked {
    stage.post.hold(true);
    stage.connect().await;
    stage.write(Customer::Ada, "hello").await?;
    stage.offered(1).await?;
    none_acknowledged(&stage, "an update is not acknowledged while its offer is under way").await?;
    stage.post.hold(false);
    stage.kept(1).await?;
    acknowledged(&stage, 1).await
}

pub(super) async fn comes_again(stage: Arc<Stage>) -> Checked {
    stage.post.answer(Answer::Fail);
    stage.connect().await;
    stage.write(Customer::Ada, "hello").await?;
    let offers = stage.offered(2).await?;
    same(&offers[1].key, &offers[0].key, "the key of the offer that came again")?;
    none_acknowledged(&stage, "an update that was not accepted is not acknowledged").await?;
    stage.post.answer(Answer::Keep);
    let kept = stage.kept(1).await?;
    same(&kept[0], &offers[0], "the update that came again")?;
    acknowledged(&stage, 1).await
}

pub(super) async fn kept_from_the_bot(stage: Arc<Stage>) -> Checked {
    stage.connect().await;
    stage.write(Customer::Ada, "hello").await?;
    stage.kept(1).await?;
    // What the bot gets next shows that the first would have reached it by now.
    passes_one(&stage).await?;
    heard_once(&stage).await?;
    let started = stage.post.look(|record| record.started.len());
    ensure(
        started > 0,
        "the bot was called for the update that was passed, and did not ask `start`",
    )?;
    ensure(started == 1, "the bot asked to start an update that a human owns")
}

pub(super) async fn passed_to_the_bot(stage: Arc<Stage>) -> Checked {
    stage.connect().await;
    passes_one(&stage).await?;
    heard_once(&stage).await?;
    let asked = stage.post.look(|record| {
        let passed = record.passed.first().map(|update| update.position);
        record.started.first().copied() == passed && record.passed.len() == 1
    });
    ensure(
        asked,
        "the bot's handler must ask `start` for the update that was passed, and it was offered once",
    )?;
    acknowledged(&stage, 1).await
}

pub(super) async fn taken_from_the_bot(stage: Arc<Stage>) -> Checked {
    stage.post.answer(Answer::Pass);
    stage.post.hold(true);
    stage.connect().await;
    stage.write(Customer::Ada, "hello").await?;
    let offers = stage.offered(1).await?;
    stage.post.record().taken.insert(offers[0].position);
    stage.post.hold(false);
    passes_one(&stage).await?;
    heard_once(&stage).await
}

pub(super) async fn one_after_the_other(stage: Arc<Stage>) -> Checked {
    const LINES: [&str; 3] = ["/human", "my order is 12", "hello?"];
    stage.post.answer(Answer::Pass);
    stage.post.hold_starts(true);
    stage.connect().await;
    for line in LINES {
        stage.write(Customer::Ada, line).await?;
    }
    let started = || stage.post.look(|record| record.started.len());
    let begins = "the bot asks to start the first update";
    stage.patience.until(begins, || started() > 0).await?;
    let waits = "the bot does not start an update before it is done with the one before";
    stage.patience.stays(waits, || started() == 1).await?;
    stage.post.hold_starts(false);
    let heard = || stage.platform.heard() == LINES.len();
    stage.patience.until("each update reaches the bot", heard).await?;
    let in_order = stage.post.look(|record| record.started.is_sorted());
    ensure(in_order, "the bot must start a conversation's updates in their order")
}

/// The update is lost, and nothing else is.
pub(super) async fn refused_for_good(stage: Arc<Stage>) -> Checked {
    stage.post.answer(Answer::Refuse);
    stage.connect().await;
    stage.write(Customer::Ada, "this cannot be kept").await?;
    let refused = stage.offered(1).await?[0].key.clone();
    acknowledged(&stage, 1).await?;
    let offers = || stage.post.look(|record| record.offers.len());
    let once = "an update that is refused for good is not offered again";
    stage.patience.stays(once, || offers() == 1).await?;
    stage.post.answer(Answer::Keep);
    stage.write(Customer::Ada, "this can be kept").await?;
    let kept = stage.kept(1).await?;
    ensure(
        kept[0].key != refused,
        "an update that is refused for good must not be offered again",
    )?;
    same(&stage.platform.heard(), &0, "how much of it reaches the bot")
}

/// Keys are shared by all channels of a ledger.
pub(super) async fn key_of_the_channel(stage: Arc<Stage>) -> Checked {
    stage.connect().await;
    let channel = stage.channel().ingress().channel().to_string();
    stage.write(Customer::Ada, "hello").await?;
    let kept = stage.kept(1).await?;
    let key = kept[0].key.to_string();
    ensure(
        key.contains(&channel),
        format!("the key must hold the channel's name, {channel:?}: it is {key:?}"),
    )
}

/// The bot gets an update.
async fn passes_one(stage: &Stage) -> Checked {
    let before = stage.post.look(|record| record.passed.len());
    stage.post.answer(Answer::Pass);
    stage.write(Customer::Ada, "this is for the bot").await?;
    let passed = || stage.post.look(|record| record.passed.len()) > before;
    stage.patience.until("the update is offered and passed", passed).await?;
    let heard = || stage.platform.heard() >= 1;
    stage.patience.until("the update reaches the bot", heard).await
}

/// What else would have reached the bot has had the time to.
async fn heard_once(stage: &Stage) -> Checked {
    let once = || stage.platform.heard() == 1;
    stage.patience.stays("one update has reached the bot", once).await
}

pub(super) async fn in_order(stage: Arc<Stage>) -> Checked {
    stage.post.hold(true);
    stage.connect().await;
    for line in ["one", "two", "three"] {
        stage.write(Customer::Ada, line).await?;
    }
    stage.offered(1).await?;
    stage.post.hold(false);
    let kept = stage.kept(3).await?;
    let words: Vec<_> = kept.iter().filter_map(|update| update.event.readable()).collect();
    let words: Vec<_> = words.iter().map(escalator::model::Text::as_str).collect();
    same(&words, &vec!["one", "two", "three"], "the lines in their order")?;
    let rises = kept.windows(2).all(|pair| pair[0].position < pair[1].position);
    ensure(rises, "a later update must have a higher position")?;
    let is_one = kept.iter().all(|update| update.conversation == kept[0].conversation);
    ensure(is_one, "a customer must stay in one conversation")
}

pub(super) async fn line(stage: Arc<Stage>) -> Checked {
    const LINE: &str = "1 < 2 & *not bold* _x_ \u{1f980}";
    stage.connect().await;
    stage.write(Customer::Ada, LINE).await?;
    let kept = stage.kept(1).await?;
    let CustomerEvent::Message(message) = &kept[0].event else {
        return ensure(false, "a line must be offered as a message");
    };
    let words = message.text.as_ref().map(|text| text.words().as_str());
    same(&words, &Some(LINE), "the line's words")
}

pub(super) async fn edit(stage: Arc<Stage>) -> Checked {
    stage.with_ada().await?;
    stage.act(Customer::Ada, Act::Edit("hello there".to_owned())).await?;
    let kept = stage.kept(2).await?;
    let edited = CustomerEvent::Edited("hello there".into());
    ensure(
        kept[1].event == edited,
        "an edit must be offered as an edit with its new words",
    )?;
    ensure(kept[1].key != kept[0].key, "an edit must have a key of its own")
}

pub(super) async fn end(stage: Arc<Stage>) -> Checked {
    stage.with_ada().await?;
    stage.act(Customer::Ada, Act::End).await?;
    let kept = stage.kept(2).await?;
    ensure(
        kept[1].event == CustomerEvent::Ended,
        "the customer's end must be offered as an end",
    )
}

pub(super) async fn two_customers(stage: Arc<Stage>) -> Checked {
    let ada = stage.with_ada().await?;
    let ben = stage.conversation_of(Customer::Ben).await?;
    let again = stage.conversation_of(Customer::Ada).await?;
    ensure(ada != ben, "two customers must have two conversations")?;
    same(&again, &ada, "the conversation of the first customer")
}

async fn none_acknowledged(stage: &Stage, what: &str) -> Checked {
    if stage.platform.acknowledged().is_none() {
        return Ok(());
    }
    let none = || stage.platform.acknowledged() == Some(0);
    stage.patience.stays(what, none).await
}

pub(super) async fn acknowledged(stage: &Stage, count: usize) -> Checked {
    let done = || {
        stage
            .platform
            .acknowledged()
            .is_none_or(|acknowledged| acknowledged >= count)
    };
    stage.patience.until("an accepted update is acknowledged", done).await
}
