//! The calls of the desk, one a file. Each states its path, its fields and what a good answer holds.

mod add_attachment;
mod chat_config;
mod chatbot_log;
mod end_chat;
mod new_event;
mod new_message;
mod visited;

pub use self::{
    add_attachment::{AddAttachment, AttachmentTaken},
    chat_config::{ChatConfig, Instruction},
    chatbot_log::ChatbotLog,
    new_event::ChatEvent,
    new_message::{MessageTaken, NewMessage},
};
