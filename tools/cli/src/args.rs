//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use escalator::delivery::{DeliveryId, Lane};

/// Looks into a bot that embeds escalator: its dead letters, sessions and queues. Sends a dead letter again, or drops it.
#[derive(Parser)]
#[command(name = "escalator", version)]
pub(crate) struct Args {
    /// The bot's database, as in `sqlite:escalator.db`.
    #[arg(
        long,
        env = "DATABASE_URL",
        default_value = "sqlite:escalator.db",
        hide_env_values = true,
        global = true
    )]
    pub(crate) database: String,
    /// The bot's control socket, where it is not the one beside the database.
    #[arg(long, env = "ESCALATOR_SOCKET", global = true)]
    pub(crate) socket: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Dead letters: what could not be delivered, and was given up.
    DeadLetters(DeadLetters),
    /// The sessions that stand, and those that ended lately.
    Sessions(Sessions),
    /// What waits at each door, and whether the door is open.
    Queues,
}

#[derive(clap::Args)]
pub(crate) struct DeadLetters {
    #[command(subcommand)]
    pub(crate) action: Option<Action>,
    #[command(flatten)]
    pub(crate) which: Which,
}

#[derive(Subcommand)]
pub(crate) enum Action {
    /// Lists them, newest first, without what they say. This is what happens without a word.
    List(Which),
    /// Shows one, with what it says.
    Show {
        /// Its id, as the list shows it.
        id: DeliveryId,
    },
    /// Puts them back into their lanes, in front of what was numbered after them.
    SendAgain(Chosen),
    /// Removes them, and their files.
    Drop(Chosen),
}

/// Which dead letters.
#[derive(clap::Args)]
pub(crate) struct Which {
    /// Those of this channel alone, as in `telegram`.
    #[arg(long)]
    pub(crate) channel: Option<String>,
    /// Those of this lane alone: an id without its number.
    #[arg(long)]
    pub(crate) lane: Option<Lane>,
    /// How many at the most.
    #[arg(long, default_value_t = 100)]
    pub(crate) max: usize,
}

/// The dead letters that something is done with.
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("chosen").required(true).args(["ids", "all"])))]
pub(crate) struct Chosen {
    /// Their ids, as the list shows them.
    pub(crate) ids: Vec<DeliveryId>,
    /// All that there are now, or all of a channel or a lane.
    #[arg(long)]
    pub(crate) all: bool,
    /// With `--all`: those of this channel alone.
    #[arg(long, requires = "all")]
    pub(crate) channel: Option<String>,
    /// With `--all`: those of this lane alone.
    #[arg(long, requires = "all")]
    pub(crate) lane: Option<Lane>,
}

#[derive(clap::Args)]
pub(crate) struct Sessions {
    /// Shows those too that ended in the last so many hours.
    #[arg(long, default_value_t = 24, value_name = "HOURS")]
    pub(crate) ended_within: u32,
    /// How many at the most.
    #[arg(long, default_value_t = 100)]
    pub(crate) max: usize,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_agrees_with_itself() {
        Args::command().debug_assert();
    }

    #[test]
    fn a_wrong_id_is_refused_with_the_right_form() {
        for wrong in ["12", "desk/12", "desk/0199f2a4-7c1e-7b60-9f3a-2d5e8c4b1a07"] {
            let refused = Args::try_parse_from(["escalator", "dead-letters", "show", wrong]);
            let told = refused.err().expect("it is no id").to_string();
            assert!(told.contains("chat/0199f2a4-7c1e-7b60-9f3a-2d5e8c4b1a07/12"), "{told}");
        }
    }

    #[test]
    fn nothing_is_sent_again_or_dropped_unnamed() {
        for action in ["send-again", "drop"] {
            assert!(Args::try_parse_from(["escalator", "dead-letters", action]).is_err());
            assert!(Args::try_parse_from(["escalator", "dead-letters", action, "--channel", "x"]).is_err());
            assert!(Args::try_parse_from(["escalator", "dead-letters", action, "--all", "--channel", "x"]).is_ok());
        }
    }
}
