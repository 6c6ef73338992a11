use serenity::model::{
    channel::ChannelType,
    guild::PremiumTier,
    id::{ChannelId, GuildId},
};

use crate::{error::Failure, places::Spot, post::Post};

/// The largest file that Discord takes where nobody has paid for more, in bytes.
const BYTES_MAX: u64 = 10 << 20;

impl Post {
    /// What a channel is. Asks Discord where it must.
    pub(super) async fn spot(&self, channel: ChannelId) -> Result<Spot, Failure> {
        if let Some(spot) = self.places.spot(channel) {
            return Ok(spot);
        }
        let answer = self.rest.channel(channel).await?;
        Ok(self.places.note_answer(&answer))
    }

    /// The largest file that may be sent to a channel, in bytes. Where its guild's level cannot be found out, the least.
    pub(super) async fn send_bytes_max(&self, channel: ChannelId) -> u64 {
        let guild = self.spot(channel).await.ok().and_then(|spot| spot.guild);
        let level = match guild {
            Some(guild) => self.level(guild).await,
            None => PremiumTier::Tier0,
        };
        let by_level = match level {
            PremiumTier::Tier2 => 50 << 20,
            PremiumTier::Tier3 => 100 << 20,
            _ => BYTES_MAX,
        };
        by_level.min(self.settings.send_bytes_max)
    }

    async fn level(&self, guild: GuildId) -> PremiumTier {
        if let Some(level) = self.places.level(guild) {
            return level;
        }
        match self.rest.level(guild).await {
            Ok(level) => {
                self.places.note_level(guild, level);
                level
            }
            Err(failure) => {
                tracing::debug!(%guild, error = failure.detail(), "the guild's level is not known");
                PremiumTier::Tier0
            }
        }
    }
}

impl Spot {
    /// Of a channel of a guild: the one that its webhooks belong to, and the thread of it that is meant.
    pub(super) fn webhook_home(&self, channel: ChannelId) -> Option<(ChannelId, Option<ChannelId>)> {
        let is_direct = matches!(self.kind, ChannelType::Private | ChannelType::GroupDm);
        if is_direct || self.guild.is_none() {
            return None;
        }
        match self.parent {
            Some(home) if self.is_thread() => Some((home, Some(channel))),
            _ => Some((channel, None)),
        }
    }
}
