use escalator::model::{Attachment, FileKind, FileRef, FileSource, Text, file_name};
use serenity::model::{
    channel::{self, Message, MessageFlags},
    id::{AttachmentId, ChannelId, MessageId},
};

/// Whether a message is one that was spoken.
pub(super) fn is_voice(message: &Message) -> bool {
    let flags = message.flags.unwrap_or_default();
    flags.contains(MessageFlags::IS_VOICE_MESSAGE)
}

/// A file of a message. Its address expires within a day, so it is known by where it stands.
pub(super) fn of(message: &Message, attachment: &channel::Attachment, is_voice: bool) -> Attachment {
    let media_type = attachment.content_type.as_deref().filter(|stated| !stated.is_empty());
    let kind = if is_voice {
        FileKind::Voice
    } else {
        media_type.map_or(FileKind::Document, FileKind::of_media_type)
    };
    let handle = format!("{}/{}/{}", message.channel_id, message.id, attachment.id);
    Attachment {
        kind,
        name: Text::from(named(attachment)),
        media_type: media_type.map(str::to_owned),
        bytes: Some(u64::from(attachment.size)),
        source: FileSource::Platform(FileRef::new(handle)),
    }
}

/// A file's name, cleaned.
pub(super) fn named(attachment: &channel::Attachment) -> String {
    file_name(&attachment.filename).unwrap_or_else(|| "file".to_owned())
}

/// Where a file stands; `None` when the handle is none of ours.
pub(crate) fn source(file: &FileRef) -> Option<(ChannelId, MessageId, AttachmentId)> {
    let ids = file.as_str().split('/').map(|id| id.parse().ok().filter(|id| *id != 0));
    let ids: Vec<u64> = ids.collect::<Option<_>>()?;
    let [channel, message, attachment] = ids[..] else {
        return None;
    };
    Some((
        ChannelId::new(channel),
        MessageId::new(message),
        AttachmentId::new(attachment),
    ))
}
