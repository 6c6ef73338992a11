//! Capabilities, honest both ways.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use escalator::{
    delivery::Outcome,
    model::{CustomerEvent, FileRef, FileSource, LengthUnit, Signal},
};
use futures::TryStreamExt;

use super::delivering::delivered;
use crate::conformance::{
    Unsupported,
    channel::{
        Act, Customer, Shown,
        stage::{Bytes2, Stage, says, sends, text},
    },
    trial::{Checked, broken, ensure, same, skipped},
};

pub(super) async fn constant(stage: Arc<Stage>) -> Checked {
    stage.with_ada().await?;
    let first = stage.channel().capabilities();
    same(&stage.channel().capabilities(), &first, "the capabilities, asked again")?;
    stage.stop().await?;
    stage.connect().await;
    same(
        &stage.channel().capabilities(),
        &first,
        "the capabilities after a restart",
    )?;
    let limits = first.limits;
    ensure(limits.text_max >= 1, "a text must be allowed to have a character")?;
    let has_sizes = limits.fetch_bytes_max > 0 && limits.send_bytes_max > 0;
    ensure(!first.files || has_sizes, "who claims files must allow them some bytes")
}

pub(super) async fn longest_text(stage: Arc<Stage>) -> Checked {
    let ada = stage.with_ada().await?;
    let limits = stage.channel().capabilities().limits;
    let longest = text_of(limits.text_max, limits.text_unit);
    delivered(&stage.deliver(&ada, &says(&longest)).await?)?;
    let shown = stage.sees(Customer::Ada, 1).await?;
    ensure(
        shown == [text(&longest)],
        format!(
            "a text of {} must arrive whole in one call: {} calls were seen",
            limits.text_max,
            shown.len()
        ),
    )
}

/// A text of exactly so many units, with words that need more than one where the unit counts so.
fn text_of(max: usize, unit: LengthUnit) -> String {
    let crab = '\u{1f980}';
    let width = unit.count(crab.encode_utf8(&mut [0; 4]));
    let mut words: String = "conformance "
        .chars()
        .cycle()
        .take(max.saturating_sub(width + 1))
        .collect();
    if max > width {
        words.push(crab);
    }
    let left = max.saturating_sub(unit.count(&words));
    words.extend(std::iter::repeat_n('.', left));
    words
}

pub(super) async fn file_sent(stage: Arc<Stage>) -> Checked {
    stage.connect().await;
    claims_files(&stage)?;
    let ada = stage.conversation_of(Customer::Ada).await?;
    let bytes = content();
    let file = Bytes2::new(bytes.clone(), false);
    let outcome = stage
        .deliver_file(&ada, &sends("notes.txt", &bytes), Some(&file))
        .await?;
    delivered(&outcome)?;
    let name = "notes.txt".to_owned();
    let shown = stage.sees(Customer::Ada, 1).await?;
    ensure(
        shown == [Shown::File { name, bytes }],
        "an agent's file must arrive whole, under its name, in one call",
    )?;
    let once = || stage.shown(Customer::Ada).len() == 1;
    stage.patience.stays("a file is one visible call", once).await
}

pub(super) async fn file_fetched(stage: Arc<Stage>) -> Checked {
    stage.connect().await;
    claims_files(&stage)?;
    let act = Act::Send {
        name: "notes.txt".to_owned(),
        bytes: content(),
    };
    stage
        .platform
        .customer(Customer::Ada, act)
        .await
        .or_else(|Unsupported| broken("files are claimed, and no customer can send one"))?;
    let kept = stage.kept(1).await?;
    let CustomerEvent::Message(message) = &kept[0].event else {
        return broken("a file must be offered as a message");
    };
    let [file] = &message.files[..] else {
        return broken(format!("one file was sent, and {} were offered", message.files.len()));
    };
    same(&file.name.as_str(), &"notes.txt", "the file's name")?;
    let FileSource::Platform(handle) = &file.source else {
        return broken("a customer's file must be offered as a reference to the platform");
    };
    for _attempt in 0..2 {
        let fetched = fetch(&stage, handle).await?;
        ensure(
            fetched.is_ok_and(|bytes| bytes == content()),
            "a file must be fetched whole, at each attempt",
        )?;
    }
    Ok(())
}

pub(super) async fn files_rejected(stage: Arc<Stage>) -> Checked {
    stage.connect().await;
    if stage.channel().capabilities().files {
        return skipped("the channel claims files");
    }
    let ada = stage.conversation_of(Customer::Ada).await?;
    let bytes = content();
    let file = Bytes2::new(bytes.clone(), false);
    let outcome = stage
        .deliver_file(&ada, &sends("notes.txt", &bytes), Some(&file))
        .await?;
    same(
        &outcome.word(),
        &"rejected",
        "the outcome of a file that the channel does not claim to send",
    )?;
    let fetched = fetch(&stage, &FileRef::new("a file")).await?;
    let word = fetched.map_or_else(|outcome| outcome.word(), |_| "fetched");
    same(
        &word,
        &"rejected",
        "the outcome of a file that the channel does not claim to fetch",
    )?;
    same(
        &stage.shown(Customer::Ada),
        &Vec::new(),
        "what is shown of a rejected file",
    )
}

pub(super) async fn typing_shown(stage: Arc<Stage>) -> Checked {
    let ada = stage.with_ada().await?;
    let channel = stage.channel();
    let signal = channel.signal(&ada, Signal::TypingStarted);
    stage.patience.within("the sign is shown", signal).await?;
    let is_shown = || stage.platform.shown(Customer::Ada).contains(&Shown::Typing);
    if channel.capabilities().typing_to_customer {
        return stage.patience.until("typing that is claimed is shown", is_shown).await;
    }
    stage
        .patience
        .stays("typing that is not claimed is not shown", || !is_shown())
        .await?;
    same(
        &stage.platform.shown(Customer::Ada),
        &Vec::new(),
        "what is shown instead of typing",
    )
}

pub(super) async fn typing_told(stage: Arc<Stage>) -> Checked {
    stage.with_ada().await?;
    let is_claimed = stage.channel().capabilities().typing_from_customer;
    let told = || {
        stage
            .post
            .look(|record| record.signals.contains(&Signal::TypingStarted))
    };
    match (stage.platform.customer(Customer::Ada, Act::Type).await, is_claimed) {
        (Ok(()), true) => stage.patience.until("typing that is claimed is told", told).await,
        (Ok(()), false) => {
            stage
                .patience
                .stays("typing that is not claimed is not told", || !told())
                .await
        }
        (Err(Unsupported), true) => broken("typing of the customer is claimed, and the platform has none"),
        (Err(Unsupported), false) => Ok(()),
    }
}

fn claims_files(stage: &Stage) -> Checked {
    if stage.channel().capabilities().files {
        return Ok(());
    }
    skipped("the channel does not claim files")
}

async fn fetch(stage: &Stage, handle: &FileRef) -> Checked<Result<Bytes, Outcome>> {
    let channel = stage.channel();
    let whole = async {
        let opened = channel.fetch(handle).await?;
        let whole = opened.stream.try_fold(BytesMut::new(), |mut whole, piece| async move {
            whole.extend_from_slice(&piece);
            Ok(whole)
        });
        let whole = whole.await.map_err(|failed| Outcome::not_sent(failed.to_string()))?;
        Ok(whole.freeze())
    };
    stage.patience.within("the file is fetched", whole).await
}

/// More than one piece, and no text that a platform would read otherwise.
fn content() -> Bytes {
    (0..20_000_u32).flat_map(u32::to_le_bytes).collect()
}
