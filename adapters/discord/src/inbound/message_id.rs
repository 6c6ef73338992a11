use escalator::model;
use serenity::model::{
    channel::Message,
    id::{ChannelId, MessageId},
};

/// A message as the core names it: its channel and its own id.
pub(super) fn of(message: &Message) -> model::MessageId {
    model::MessageId::new(format!("{}/{}", message.channel_id, message.id))
}

/// The same, read; `None` when it is none of Discord's.
pub(crate) fn read_id(id: &model::MessageId) -> Option<(ChannelId, MessageId)> {
    let (channel, message) = id.as_str().split_once('/')?;
    let (channel, message): (u64, u64) = (channel.parse().ok()?, message.parse().ok()?);
    (channel != 0 && message != 0).then(|| (ChannelId::new(channel), MessageId::new(message)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_no_message_is_read_as_none() {
        let read = |id: &str| read_id(&model::MessageId::new(id));
        assert_eq!(read("10/42"), Some((ChannelId::new(10), MessageId::new(42))));
        for id in ["", "10", "10/", "/42", "0/42", "10/0", "10/42/1", "a/42"] {
            assert_eq!(read(id), None, "{id}");
        }
    }
}
