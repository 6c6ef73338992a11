//! A customer on either platform, as a story needs them.

use std::time::Duration;

use anyhow::Result;
use escalator_testkit::{
    Plan,
    discord::{self, Content, Customer, FakeDiscord, Place, User},
    telegram::{self, Chat, Media},
};

use crate::{shown::said, town::Town};

/// Where a customer sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Chair {
    Telegram,
    DiscordDirect,
    DiscordGuild,
}

/// A customer in their seat.
pub(crate) enum Seat {
    Telegram(Chat),
    Direct(Customer),
    /// One who asks in a channel, and goes on in a thread once there is one.
    Guild {
        fake: FakeDiscord,
        user: User,
        help: Place,
        home: Customer,
    },
}

impl Seat {
    pub(crate) fn take(town: &Town, chair: Chair, name: &str) -> Self {
        let user = || town.discord.user(&name.to_lowercase()).global_name(name);
        match chair {
            Chair::Telegram => Self::Telegram(town.telegram.user(name).private_chat()),
            Chair::DiscordDirect => Self::Direct(user().dm()),
            Chair::DiscordGuild => {
                // A channel of their own, so that its webhook is made in each story.
                let help = town.discord.guild("Shop").channel("help");
                let user = user().create();
                let (fake, home) = (town.discord.clone(), user.at(&help));
                Self::Guild { fake, user, help, home }
            }
        }
    }

    /// What asks for a human here.
    pub(crate) fn cry_for_help(&self) -> &'static str {
        match self {
            Self::Telegram(_) => "/human",
            Self::Direct(_) | Self::Guild { .. } => "human",
        }
    }

    /// Writes a line.
    pub(crate) fn says(&self, text: &str) {
        match self {
            Self::Telegram(chat) => drop(chat.says(text)),
            Self::Direct(_) | Self::Guild { .. } => {
                self.on_discord().says(text);
            }
        }
    }

    /// Sends a file.
    pub(crate) fn sends(&self, name: &str, bytes: &'static [u8]) {
        match self {
            Self::Telegram(chat) => drop(chat.sends(Media::document(name, bytes))),
            Self::Direct(_) | Self::Guild { .. } => {
                self.on_discord().sends(Content::file(name, "text/plain", bytes));
            }
        }
    }

    /// Where one of Discord writes: in the thread, where there is one.
    fn on_discord(&self) -> Customer {
        match self {
            Self::Telegram(_) => unreachable!("a chat of Telegram's is no channel of Discord's"),
            Self::Direct(home) => home.clone(),
            Self::Guild { user, help, home, .. } => {
                let thread = help.threads().into_iter().find(|of| of.members.contains(&user.id()));
                thread.map_or_else(|| home.clone(), |thread| user.in_channel(thread.id))
            }
        }
    }

    /// The next two calls that are to show something here are never answered, one of them after its effect.
    pub(crate) fn falls_silent(&self, town: &Town) {
        match self {
            Self::Telegram(chat) => {
                for fault in [telegram::Fault::Hang, telegram::Fault::HangAfterEffect] {
                    let on = telegram::On::method("sendMessage").in_chat(chat.id());
                    town.telegram.fault(on, Plan::Next(1, fault));
                }
            }
            Self::Direct(_) | Self::Guild { .. } => {
                let on = match self {
                    Self::Guild { .. } => discord::On::execute_webhook(),
                    _ => discord::On::create_message().and_about(self.on_discord().channel()),
                };
                for fault in [discord::Fault::Hang, discord::Fault::HangAfterEffect] {
                    town.discord.fault(on.clone(), Plan::Next(1, fault));
                }
            }
        }
    }

    /// Waits until a line is shown, whoever is named with it.
    pub(crate) async fn sees(&self, within: Duration, wanted: impl Fn(&str) -> bool) -> Result<()> {
        match self {
            Self::Telegram(chat) => drop(chat.sees(within, |message| wanted(&on_telegram(message))).await?),
            Self::Direct(home) => drop(home.sees(within, |message| wanted(&on_discord(message))).await?),
            Self::Guild { fake, help, home, .. } => {
                let look = |world: &discord::World| {
                    let channels = std::iter::once(home.channel()).chain(world.threads(help.id()).map(|of| of.id));
                    let mut said = channels.filter_map(|channel| world.transcript(channel));
                    said.any(|said| said.from_bot().any(|message| wanted(&on_discord(message))))
                };
                fake.wait_until(within, look).await?;
            }
        }
        Ok(())
    }

    /// Everything that was shown here, in order, without the agent's name.
    pub(crate) fn shown(&self) -> Vec<String> {
        match self {
            Self::Telegram(chat) => chat.transcript().from_bot().map(on_telegram).collect(),
            Self::Direct(home) => home.transcript().from_bot().map(on_discord).collect(),
            Self::Guild { help, home, .. } => {
                let threads = help.threads().into_iter().map(|thread| thread.transcript);
                let all: Vec<_> = std::iter::once(home.transcript()).chain(threads).collect();
                let mut said: Vec<_> = all.iter().flat_map(discord::Transcript::from_bot).collect();
                said.sort_by_key(|message| message.id);
                said.into_iter().map(on_discord).collect()
            }
        }
    }
}

fn on_telegram(message: &telegram::Message) -> String {
    match &message.file {
        Some(file) => file.name.clone().unwrap_or_default(),
        None => said(message.words().unwrap_or_default()).to_owned(),
    }
}

/// A text without its author, who may be a webhook's or stand in the text; a file's name.
fn on_discord(message: &discord::Message) -> String {
    match message.files.first() {
        Some(file) => file.name.clone(),
        None => said(&message.content.replace("**", "")).to_owned(),
    }
}
