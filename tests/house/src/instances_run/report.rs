//! What a run came to.

use std::{fmt, time::Duration};

use super::{Blow, MARGIN, Run, Whom, talk::Compared};
use crate::judge::Verdict;

/// What happened to an instance, and how long the sessions stood still for it.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// The round, from 1.
    pub round: usize,
    /// What happened.
    pub blow: Blow,
    /// To whom.
    pub whom: Whom,
    /// From then on until a line that was written later had reached the desk, for each session; sorted.
    pub went_on: Vec<Duration>,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// What happened, in order.
    pub troubles: Vec<Trouble>,
    /// How long a session may stand still: the lease and a margin.
    pub limit: Duration,
    /// Lines of customers.
    pub by_customers: usize,
    /// Lines of agents.
    pub by_agents: usize,
    /// What became of the customers' lines.
    pub at_desk: Verdict,
    /// What became of the agents' lines.
    pub in_chat: Verdict,
    /// Hooks that were not answered, and so sent again.
    pub hooks_again: usize,
    /// Doubles that no kill and no pause explains.
    pub unexplained: usize,
    /// Lines of the bot while a human had the conversation.
    pub bot_lines: usize,
}

impl Trouble {
    pub(super) fn new(round: usize, blow: Blow, whom: Whom, mut went_on: Vec<Duration>) -> Self {
        went_on.sort_unstable();
        Self {
            round,
            blow,
            whom,
            went_on,
        }
    }

    fn slowest(&self) -> Duration {
        self.went_on.last().copied().unwrap_or_default()
    }

    fn half(&self) -> Duration {
        self.went_on.get(self.went_on.len() / 2).copied().unwrap_or_default()
    }
}

impl Report {
    pub(super) fn of(run: &Run, troubles: Vec<Trouble>, talks: &[Compared]) -> Self {
        let blows = 2 * run.rounds;
        let (mut at_desk, mut in_chat) = (Verdict::default(), Verdict::default());
        for talk in talks {
            at_desk.add(talk.at_desk);
            in_chat.add(talk.in_chat);
        }
        let sum = |of: fn(&Compared) -> usize| talks.iter().map(of).sum::<usize>();
        Self {
            troubles,
            limit: run.lease + MARGIN,
            by_customers: sum(|talk| talk.by_customer),
            by_agents: sum(|talk| talk.by_agent),
            at_desk,
            in_chat,
            hooks_again: sum(|talk| talk.hooks_again),
            unexplained: talks.iter().map(|talk| talk.unexplained(blows)).sum(),
            bot_lines: sum(|talk| talk.bot_lines),
        }
    }

    /// Whether it is as promised.
    pub fn is_good(&self) -> bool {
        let wrong = [self.at_desk, self.in_chat].map(|of| of.lost + of.inverted);
        wrong.iter().sum::<usize>() + self.unexplained + self.bot_lines == 0 && self.late().count() == 0
    }

    /// After which troubles a session stood still for too long.
    pub fn late(&self) -> impl Iterator<Item = &Trouble> {
        self.troubles.iter().filter(|trouble| trouble.slowest() > self.limit)
    }

    /// The line that everything comes down to.
    pub fn last_line(&self) -> String {
        let count = |blow| self.troubles.iter().filter(|of| of.blow == blow).count();
        format!(
            "kills {}, pauses {}, lost {}, inverted {}, doubled {}, bot lines after takeover {}, too late {}",
            count(Blow::Killed),
            count(Blow::Paused),
            self.at_desk.lost + self.in_chat.lost,
            self.at_desk.inverted + self.in_chat.inverted,
            self.at_desk.doubled + self.in_chat.doubled,
            self.bot_lines,
            self.late().count(),
        )
    }
}

impl Compared {
    /// Doubles that nothing explains. Each blow finds at most one call on its way to the desk and one to the chat; a hook
    /// that was committed and not answered comes again, as a message of its own.
    fn unexplained(&self, blows: usize) -> usize {
        self.at_desk.doubled.saturating_sub(blows) + self.in_chat.doubled.saturating_sub(blows + self.hooks_again)
    }
}

/// The table, without the last line.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "round  what    whom    half s  slowest s")?;
        for trouble in &self.troubles {
            let Trouble { round, blow, whom, .. } = trouble;
            let [half, slowest] = [trouble.half(), trouble.slowest()].map(|took| took.as_secs_f64());
            let is_late = if trouble.slowest() > self.limit {
                "  too late"
            } else {
                ""
            };
            writeln!(
                f,
                "{round:>5}  {blow:<6}  {whom:<6}  {half:>6.1}  {slowest:>9.1}{is_late}"
            )?;
        }
        writeln!(
            f,
            "A session went on when a line that was written after the blow had reached the desk; limit {} s.",
            self.limit.as_secs()
        )?;
        write!(
            f,
            "lines of customers {}, lost {}, doubled {}; lines of agents {}, lost {}, doubled {}; hooks sent again {}; \
             doubles that nothing explains {}",
            self.by_customers,
            self.at_desk.lost,
            self.at_desk.doubled,
            self.by_agents,
            self.in_chat.lost,
            self.in_chat.doubled,
            self.hooks_again,
            self.unexplained
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instances_run::Updates;

    fn report(went_on_secs: u64, talk: Compared) -> Report {
        let run = Run {
            program: "bot".into(),
            seed: 1,
            rounds: 1,
            pause: Duration::from_secs(30),
            lease: Duration::from_secs(15),
            customers: 1,
            updates: Updates::Polled,
        };
        let went_on = vec![Duration::from_secs(went_on_secs), Duration::from_secs(1)];
        let killed = Trouble::new(1, Blow::Killed, Whom::Holder, went_on);
        Report::of(&run, vec![killed], &[talk])
    }

    fn doubled(doubled: usize) -> Compared {
        let in_chat = Verdict {
            doubled,
            ..Verdict::default()
        };
        Compared {
            in_chat,
            hooks_again: 1,
            ..Compared::default()
        }
    }

    #[test]
    fn a_run_is_good_when_all_is_there_and_each_session_went_on_in_time() {
        assert!(report(16, doubled(3)).is_good());
        assert!(!report(21, doubled(3)).is_good(), "too late");
        assert!(!report(16, doubled(4)).is_good(), "a double that nothing explains");
        let lost = Compared {
            at_desk: Verdict {
                lost: 1,
                ..Verdict::default()
            },
            ..Compared::default()
        };
        assert!(!report(16, lost).is_good());
        assert_eq!(
            report(21, doubled(3)).last_line(),
            "kills 1, pauses 0, lost 0, inverted 0, doubled 3, bot lines after takeover 0, too late 1"
        );
    }
}
