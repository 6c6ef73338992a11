use serenity::{builder::CreateButton, model::application::ButtonStyle};

use crate::inbound::Button;

/// A button for the bot's own messages that asks for a human, as the one does that stands under the text that a chat is
/// over. The label has at most 80 characters. The channel answers a press itself: the bot's handlers do not see it.
pub fn human_button(label: impl Into<String>) -> CreateButton {
    let button = CreateButton::new(Button::Human.to_string());
    button.label(label).style(ButtonStyle::Secondary)
}
