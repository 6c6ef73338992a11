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
    let label = label.as_deref();
    label.map(|label| row(&[(label, button)])).into_iter().collect()
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
    Some(vec![row(&answers)])
}

fn row(buttons: &[(&str, Button)]) -> Value {
    /// A row, a button, and its grey look.
    const ROW: u8 = 1;
    const BUTTON: u8 = 2;
    const SECONDARY: u8 = 2;
    let button = |(label, button): &(&str, Button)| {
        json!({
            "type": BUTTON, "style": SECONDARY, "label": label, "custom_id": button.to_string(),
        })
    };
    json!({"type": ROW, "components": buttons.iter().map(button).collect::<Vec<_>>()})
}
