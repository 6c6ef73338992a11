use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use escalator::{
    channel::ChatDelivery,
    delivery::{OpenFile, OpenedFile, Outcome},
    model::{Attachment, Author},
};
use futures::TryStreamExt;
use reqwest::{
    Body,
    multipart::{Form, Part},
};
use serde_json::json;
use serenity::model::id::{ChannelId, MessageId};

use super::{outcome, text, voice};
use crate::{
    error::Failure,
    post::Post,
    rest::{NewMessage, Spoken, Through},
};

/// Sends a file, streamed: under the agent's name through a webhook where there is one, else as the bot.
pub(super) async fn send(
    post: &Post,
    delivery: &ChatDelivery<'_>,
    place: ChannelId,
    author: Option<&Author>,
    file: &Attachment,
    source: &dyn OpenFile,
) -> Outcome {
    let limit = post.send_bytes_max(place).await;
    if file.bytes.is_some_and(|bytes| bytes > limit) {
        return too_big(limit);
    }
    let through = match author {
        Some(_) => post.through(place).await,
        None => Ok(None),
    };
    let through = match through {
        Ok(through) => through,
        Err(failure) => return failure.outcome_of_harmless(),
    };
    let opened = match source.open().await {
        Ok(opened) => opened,
        Err(outcome) => return outcome,
    };
    if opened.bytes.is_some_and(|bytes| bytes > limit) {
        return too_big(limit);
    }
    let upload = Upload { post, file, limit };
    let (Some(through), Some(author)) = (through, author) else {
        return upload.as_bot(delivery, place, opened).await;
    };
    let mut spoken = post.spoken(author);
    let mut sent = upload.through(&through, spoken.clone(), opened).await;
    // A file's stream is spent with each call.
    if voice::is_of_picture(&spoken, &sent) {
        let picture = spoken.avatar_url.take();
        let opened = match source.open().await {
            Ok(opened) => opened,
            Err(outcome) => return outcome,
        };
        sent = upload.through(&through, spoken, opened).await;
        post.sent_without(picture, &sent);
    }
    if voice::is_of_name(&sent) {
        return match source.open().await {
            Ok(opened) => upload.as_bot(delivery, place, opened).await,
            Err(outcome) => outcome,
        };
    }
    match sent {
        // The next attempt asks what there is, and finds out when it is the place that is gone.
        Err(failure) if text::is_gone(&failure) => {
            post.forget_gone(&through, &failure);
            Outcome::not_sent("the webhook is gone")
        }
        sent => upload.outcome(sent),
    }
}

struct Upload<'a> {
    post: &'a Post,
    file: &'a Attachment,
    limit: u64,
}

enum Way<'a> {
    Through(&'a Through),
    AsBot(ChannelId),
}

impl Upload<'_> {
    fn message(&self) -> NewMessage {
        NewMessage {
            attachments: vec![json!({"id": 0, "filename": self.file.name.as_str()})],
            ..NewMessage::default()
        }
    }

    async fn through(
        &self,
        through: &Through,
        spoken: Spoken,
        opened: OpenedFile,
    ) -> Result<Option<MessageId>, Failure> {
        let message = NewMessage {
            author: Some(spoken),
            ..self.message()
        };
        self.send(Way::Through(through), message, opened).await
    }

    async fn as_bot(&self, delivery: &ChatDelivery<'_>, place: ChannelId, opened: OpenedFile) -> Outcome {
        let message = NewMessage {
            content: text::as_line(delivery).written,
            attachments: self.message().attachments,
            ..text::as_bot(self.post, delivery)
        };
        let sent = self.send(Way::AsBot(place), message, opened).await;
        self.outcome(sent).repeatable()
    }

    async fn send(&self, way: Way<'_>, message: NewMessage, opened: OpenedFile) -> Result<Option<MessageId>, Failure> {
        let is_broken = Arc::new(AtomicBool::new(false));
        let form = self.form(&message, opened, Arc::clone(&is_broken))?;
        let sent = match way {
            Way::Through(through) => self.post.rest.upload_through(through, form).await,
            Way::AsBot(place) => self.post.rest.upload(place, form).await,
        };
        match sent {
            // An upload that lacks its end is no upload.
            Err(_) if is_broken.load(Ordering::Acquire) => {
                Err(Failure::NotSent("the file could not be read to its end".to_owned()))
            }
            sent => sent,
        }
    }

    fn outcome(&self, sent: Result<Option<MessageId>, Failure>) -> Outcome {
        match sent {
            Err(Failure::Refused(refusal)) if refusal.is_too_large() => too_big(self.limit),
            sent => outcome(sent),
        }
    }

    fn form(&self, message: &NewMessage, opened: OpenedFile, is_broken: Arc<AtomicBool>) -> Result<Form, Failure> {
        let stream = opened
            .stream
            .inspect_err(move |_| is_broken.store(true, Ordering::Release));
        let body = Body::wrap_stream(stream);
        let bytes = match opened.bytes {
            Some(bytes) => Part::stream_with_length(body, bytes),
            None => Part::stream(body),
        };
        let file = bytes.file_name(self.file.name.as_str().to_owned());
        let media_type = self.file.media_type.as_deref().unwrap_or("application/octet-stream");
        let file = file
            .mime_str(media_type)
            .map_err(|_| Failure::NotSent("the file's media type cannot be read".to_owned()))?;
        let message = serde_json::to_string(message).expect("a message is a plain struct with text keys");
        let message = Part::text(message).mime_str("application/json");
        let message = message.expect("the media type is constant");
        Ok(Form::new().part("payload_json", message).part("files[0]", file))
    }
}

fn too_big(limit: u64) -> Outcome {
    Outcome::rejected(format!(
        "the file is larger than the {} MB that Discord takes there",
        limit >> 20
    ))
}
