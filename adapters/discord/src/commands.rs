use serenity::{builder::CreateCommand, model::id::ApplicationId};

use crate::{channel::Discord, error::Failure};

impl Discord {
    /// Our slash commands, for a bot that overwrites all of its commands: they belong among them, or they are gone.
    pub fn commands(&self) -> Vec<CreateCommand> {
        let Some(commands) = &self.post().settings.commands else {
            return Vec::new();
        };
        let of = [
            (&commands.human, &commands.human_description),
            (&commands.end, &commands.end_description),
        ];
        let of = of.into_iter().filter_map(|(name, said)| Some((name.as_ref()?, said)));
        of.map(|(name, said)| CreateCommand::new(name).description(said))
            .collect()
    }

    /// Makes those of our commands that do not stand.
    pub(crate) async fn make_commands(&self, application: ApplicationId) {
        let made = self.make_missing(application).await;
        if let Err(failure) = made {
            let channel = self.post().ingress.channel();
            tracing::warn!(%channel, error = failure.detail(), "the slash commands could not be made");
        }
    }

    async fn make_missing(&self, application: ApplicationId) -> Result<(), Failure> {
        let post = self.post();
        let Some(commands) = &post.settings.commands else {
            return Ok(());
        };
        let stand = post.rest.commands(application).await?;
        let names = commands.human.iter().chain(&commands.end);
        for (name, command) in names.zip(self.commands()) {
            if !stand.contains(name) {
                post.rest.make_command(application, &command).await?;
            }
        }
        Ok(())
    }
}
