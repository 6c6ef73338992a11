use escalator::{
    delivery::NoticeKind,
    model::{Answer, ConversationKey, SessionId},
};
use serde_json::{Value, json};

use crate::{
    config::Texts,
    inbound::{Asked, Button},
    places,
};

/// How long a button's label may be, in characters.
const LABEL_MAX: usize = 80;

/// The buttons under a notice: the end button where the customer learns that a human has the conversation, and the one
/// that asks for a human where the bot has it again.
pub(super) fn under_notice(texts: &Texts, kind: NoticeKind) -> Vec<Value> {
    let (label, button) = match kind {
        NoticeKind::Waiting | NoticeKind::Connected => (&texts.end_button, Button::End),
        NoticeKind::Ended
        | NoticeKind::SilenceEnded
        | NoticeKind::NobodyCame
        | NoticeKind::Failed
        | NoticeKind::LeftMessage => (&texts.human_button, Button::Human),
        _ => return Vec::new(),
    };
    label.as_deref().map_or_else(Vec::new, |label| row(&[(label, button)]))
}

/// The buttons under the question whether it was solved; `None` when the conversation is none of Discord's.
pub(super) fn under_question(texts: &Texts, session: SessionId, of: &ConversationKey) -> Option<Vec<Value>> {
    let asked = Asked {
        session,
        home: places::home(of)?,
        customer: places::customer(of)?,
    };
    let answers = [
        (texts.solved_button.as_str(), Button::Answer(asked, Answer::Solved)),
        (
            texts.not_solved_button.as_str(),
            Button::Answer(asked, Answer::NotSolved),
        ),
    ];
    Some(row(&answers))
}

/// A row of buttons, of those that have a label; without any there is none.
fn row(buttons: &[(&str, Button)]) -> Vec<Value> {
    /// A row, a button, and its grey look.
    const ROW: u8 = 1;
    const BUTTON: u8 = 2;
    const SECONDARY: u8 = 2;
    let button = |(label, button): &(&str, Button)| {
        let label: String = label.trim().chars().take(LABEL_MAX).collect();
        (!label.is_empty()).then(|| {
            json!({
                "type": BUTTON, "style": SECONDARY, "label": label, "custom_id": button.to_string(),
            })
        })
    };
    let buttons: Vec<_> = buttons.iter().filter_map(button).collect();
    let row = (!buttons.is_empty()).then(|| json!({"type": ROW, "components": buttons}));
    row.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(label: &str) -> Vec<String> {
        let texts = Texts {
            end_button: Some(label.to_owned()),
            ..Texts::default()
        };
        let rows = under_notice(&texts, NoticeKind::Connected);
        let buttons = rows
            .iter()
            .flat_map(|row| row["components"].as_array().into_iter().flatten());
        buttons
            .map(|button| button["label"].as_str().expect("each has one").to_owned())
            .collect()
    }

    #[test]
    fn a_label_is_one_that_discord_takes_or_there_is_no_button() {
        assert_eq!(labels(" End "), ["End"]);
        assert_eq!(labels(&"ä".repeat(81)), ["ä".repeat(80)]);
        assert_eq!(labels(" "), [""; 0]);
    }
}
