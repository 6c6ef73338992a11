//! What each program is about, and which of the settings it takes: what `--help` says.

/// A program of the examples.
#[derive(Clone, Copy)]
pub struct Program {
    /// What `--help` begins with.
    pub about: &'static str,
    /// The settings that it cannot do without.
    pub needs: &'static [&'static str],
    /// How the names of the settings begin that it does not look at.
    pub ignores: &'static [&'static str],
}

/// A bot, a desk and a ledger in one.
pub const DEMO: Program = Program {
    about: "A bot, a desk and a ledger in one command. With nothing set the customer is this terminal, the desk is a \
            simulator, and what is written goes to a temporary folder. With TELEGRAM_BOT_TOKEN the customer is Telegram; \
            with OMNIDESK_URL and OMNIDESK_CHAT_ACCOUNT_TOKEN the desk is the real one; with DATABASE_URL the ledger stays.",
    needs: &[],
    ignores: &["discord"],
};

/// A Telegram bot.
pub const TELEGRAM_BOT: Program = Program {
    about: "A Telegram bot that hands over to an Omnidesk agent. The ledger is sqlite:escalator.db unless DATABASE_URL says \
            otherwise. A setting is a variable of the environment, or the argument beside it.",
    needs: &["omnidesk_url", "omnidesk_chat_account_token", "telegram_bot_token"],
    ignores: &["discord"],
};

/// A Discord bot.
pub const DISCORD_BOT: Program = Program {
    about: "A Discord bot that hands over to an Omnidesk agent. The ledger is sqlite:escalator.db unless DATABASE_URL says \
            otherwise. A setting is a variable of the environment, or the argument beside it.",
    needs: &["omnidesk_url", "omnidesk_chat_account_token", "discord_token"],
    ignores: &["telegram"],
};

/// A Discord bot made with poise.
pub const POISE_BOT: Program = Program {
    about: "A Discord bot made with poise that hands over to an Omnidesk agent. The ledger is sqlite:escalator.db unless \
            DATABASE_URL says otherwise. A setting is a variable of the environment, or the argument beside it.",
    needs: DISCORD_BOT.needs,
    ignores: DISCORD_BOT.ignores,
};

/// Two bots in one process.
pub const TWO_CHANNELS: Program = Program {
    about: "A Telegram bot and a Discord bot in one process that hand over to the same Omnidesk account. The ledger is \
            sqlite:escalator.db unless DATABASE_URL says otherwise. A setting is a variable of the environment, or the \
            argument beside it.",
    needs: &[
        "omnidesk_url",
        "omnidesk_chat_account_token",
        "telegram_bot_token",
        "discord_token",
    ],
    ignores: &[],
};

/// A bot in the terminal.
pub const CUSTOM_CHANNEL: Program = Program {
    about: "A bot in the terminal whose desk is your Omnidesk account. The agent's files go to the folder `downloads`, the \
            ledger to sqlite:escalator.db unless DATABASE_URL says otherwise. A setting is a variable of the environment, \
            or the argument beside it.",
    needs: &["omnidesk_url", "omnidesk_chat_account_token"],
    ignores: &["telegram", "discord"],
};
