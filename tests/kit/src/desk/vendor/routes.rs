//! The table of the contract: path, method, call, fields.

use std::fmt;

use crate::desk::{
    call::Endpoint,
    rules::{self, Field},
};

/// One row of the table.
#[derive(Clone, Copy)]
pub(super) struct Route {
    pub(super) path: &'static str,
    pub(super) verb: Verb,
    pub(super) endpoint: Endpoint,
    pub(super) fields: &'static [Field],
    /// Which end path it is, if it is one.
    pub(super) end: Option<End>,
}

/// How a path is called: with its fields in the query, or in the body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
}

/// The two places of `notifyUserEndChat`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Guide,
    Specification,
}

pub(super) static ROUTES: [Route; 9] = [
    post(
        "/api/v2/chat/notifyUserNewChatMessage",
        Endpoint::NewChatMessage,
        rules::MESSAGE,
    ),
    post("/api/v2/chat/addAttachment", Endpoint::AddAttachment, rules::ATTACHMENT),
    post(
        "/api/v2/chat/notifyUserNewChatEvent",
        Endpoint::NewChatEvent,
        rules::EVENT,
    ),
    Route {
        end: Some(End::Guide),
        ..post("/api/v2/message/notifyUserEndChat", Endpoint::EndChat, rules::END)
    },
    Route {
        end: Some(End::Specification),
        ..post("/api/v2/chat/notifyUserEndChat", Endpoint::EndChat, rules::END)
    },
    post("/api/v2/message/chatbot", Endpoint::Chatbot, rules::CHATBOT),
    Route {
        verb: Verb::Get,
        ..post("/requestChatConfig", Endpoint::ChatConfig, rules::CONFIG_GET)
    },
    post(
        "/api/v2/chat/requestChatConfig",
        Endpoint::ChatConfig,
        rules::CONFIG_POST,
    ),
    post("/api/v2/chat/notifyUserVisited", Endpoint::Visited, rules::VISITED),
];

/// Any other path of the vendor's.
pub(super) static UNKNOWN: Route = post("/api/{*rest}", Endpoint::Unknown, &[]);

const fn post(path: &'static str, endpoint: Endpoint, fields: &'static [Field]) -> Route {
    Route {
        path,
        verb: Verb::Post,
        endpoint,
        fields,
        end: None,
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "GET",
            Self::Post => "POST",
        })
    }
}
