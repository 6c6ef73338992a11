//! How an example bot ends.

use anyhow::{Error, Result};
use escalator::runtime::{Running, StartError};
use tokio_util::sync::CancellationToken;

use crate::custom_channel::Terminal;

/// Waits for the end of the terminal's input and until everything is delivered. When the program is told to stop, or
/// nobody reads the chat any more, what waits is left to the next start. Then stops the house.
pub async fn at_end_of_input(terminal: &Terminal, running: Running, stop: &CancellationToken) {
    let all_said = async {
        terminal.finished().await;
        running.drained().await;
    };
    tokio::select! {
        () = all_said => {}
        () = terminal.unread() => {}
        () = stop.cancelled() => {}
    }
    running.shutdown().await;
}

/// Ends the program: with 0, or with 1 and one line that says what was wrong and what would be right.
///
/// It waits for nothing: standard input is read by a thread that nothing else can end.
pub fn with(result: Result<()>) -> ! {
    let Err(error) = result else { std::process::exit(0) };
    eprintln!("error: {}", told(&error));
    std::process::exit(1)
}

/// The settings behind the error, and the error with those of its causes that it does not tell itself.
fn told(error: &Error) -> String {
    let setting = error.downcast_ref().and_then(setting).map(str::to_owned);
    let causes = error.chain().map(ToString::to_string);
    let parts = setting.into_iter().chain(causes);
    parts.fold(String::new(), |told, part| match told.as_str() {
        "" => part,
        _ if told.contains(&part) => told,
        _ => format!("{told}: {part}"),
    })
}

/// The variables that a house's start depends on.
fn setting(error: &StartError) -> Option<&'static str> {
    Some(match error {
        StartError::Store { .. } | StartError::UnknownDatabase(_) => "DATABASE_URL",
        StartError::HookpointUrl(_) => "HOOKPOINT_URL",
        StartError::HookpointSecret(_) => "HOOKPOINT_SECRET",
        StartError::Listen { .. } => "HOOKPOINT_LISTEN",
        StartError::DeskRefused(_) => {
            "OMNIDESK_CHAT_ACCOUNT_TOKEN, OMNIDESK_CHAT_SERVER_TOKEN or OMNIDESK_API_KEY is not the account's own"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn an_error_is_one_line_that_names_its_setting_and_says_nothing_twice() {
        let taken = StartError::Listen {
            address: ([127, 0, 0, 1], 80).into(),
            source: std::io::Error::other("somebody listens there"),
        };
        assert_eq!(
            told(&taken.into()),
            "HOOKPOINT_LISTEN: the hookpoint cannot listen on 127.0.0.1:80: somebody listens there"
        );
        let wrong = Err::<(), _>(Error::msg("too short")).context("OMNIDESK_API_KEY");
        assert_eq!(told(&wrong.expect_err("it was made so")), "OMNIDESK_API_KEY: too short");
    }
}
