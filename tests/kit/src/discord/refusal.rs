//! The error answers of Discord, in its own words.

use std::time::Duration;

use serde_json::{Value, json};

use super::fault::LimitScope;

/// A request that is refused: what the real server would answer instead of a result.
#[derive(Clone)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: u32,
    pub(crate) message: String,
    pub(crate) errors: Option<Value>,
    pub(crate) limit: Option<(Duration, LimitScope)>,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            errors: None,
            limit: None,
        }
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, 0, "401: Unauthorized")
    }

    pub(crate) fn blocked() -> Self {
        Self::new(403, 40333, "internal network error")
    }

    pub(crate) fn not_found() -> Self {
        Self::new(404, 0, "404: Not Found")
    }

    pub(crate) fn wrong_method() -> Self {
        Self::new(405, 0, "405: Method Not Allowed")
    }

    pub(crate) fn unknown(what: Unknown) -> Self {
        let (code, name) = what.code();
        Self::new(404, code, format!("Unknown {name}"))
    }

    pub(crate) fn unknown_emoji() -> Self {
        Self::new(400, 10014, "Unknown Emoji")
    }

    pub(crate) fn missing_access() -> Self {
        Self::new(403, 50001, "Missing Access")
    }

    pub(crate) fn missing_permissions() -> Self {
        Self::new(403, 50013, "Missing Permissions")
    }

    pub(crate) fn closed_dm() -> Self {
        Self::new(403, 50007, "Cannot send messages to this user")
    }

    pub(crate) fn other_author() -> Self {
        Self::new(403, 50005, "Cannot edit a message authored by another user")
    }

    pub(crate) fn empty_message() -> Self {
        Self::new(400, 50006, "Cannot send an empty message")
    }

    pub(crate) fn too_large() -> Self {
        Self::new(413, 40005, "Request entity too large")
    }

    pub(crate) fn malformed() -> Self {
        Self::new(400, 50109, "The request body contains invalid JSON.")
    }

    /// One field of a form that is wrong; a path such as `embeds.0.title` leads into it.
    pub(crate) fn form(path: &str, code: &str, message: impl Into<String>) -> Self {
        let mut errors = json!({ "_errors": [{ "code": code, "message": message.into() }] });
        for part in path.rsplit('.') {
            errors = json!({ part: errors });
        }
        Self {
            errors: Some(errors),
            ..Self::new(400, 50035, "Invalid Form Body")
        }
    }

    pub(crate) fn too_long(path: &str, max: usize) -> Self {
        Self::form(
            path,
            "BASE_TYPE_MAX_LENGTH",
            format!("Must be {max} or fewer in length."),
        )
    }

    pub(crate) fn bad_length(path: &str, max: usize) -> Self {
        let words = format!("Must be between 1 and {max} in length.");
        Self::form(path, "BASE_TYPE_BAD_LENGTH", words)
    }

    pub(crate) fn required(path: &str) -> Self {
        Self::form(path, "BASE_TYPE_REQUIRED", "This field is required")
    }

    pub(crate) fn choice(path: &str) -> Self {
        Self::form(
            path,
            "BASE_TYPE_CHOICES",
            "This value is not one of the allowed choices.",
        )
    }

    pub(crate) fn snowflake(path: &str) -> Self {
        Self::form(path, "NUMBER_TYPE_COERCE", "Value is not snowflake.")
    }

    pub(crate) fn limited(wait: Duration, scope: LimitScope) -> Self {
        let message = match scope {
            LimitScope::Global => "You are being rate limited globally.",
            _ => "You are being rate limited.",
        };
        Self {
            limit: Some((wait, scope)),
            ..Self::new(429, 0, message)
        }
    }

    pub(crate) fn body(&self) -> Value {
        if let Some((wait, scope)) = self.limit {
            return json!({
                "message": self.message,
                "retry_after": wait.as_secs_f64(),
                "global": scope == LimitScope::Global,
            });
        }
        let mut body = json!({ "message": self.message, "code": self.code });
        if let Some(errors) = &self.errors {
            body["errors"] = errors.clone();
        }
        body
    }
}

/// What a request names and what is not there.
#[derive(Clone, Copy)]
pub(crate) enum Unknown {
    Channel,
    Guild,
    Member,
    Message,
    User,
    Webhook,
    Interaction,
    Command,
}

impl Unknown {
    fn code(self) -> (u32, &'static str) {
        match self {
            Self::Channel => (10003, "Channel"),
            Self::Guild => (10004, "Guild"),
            Self::Member => (10007, "Member"),
            Self::Message => (10008, "Message"),
            Self::User => (10013, "User"),
            Self::Webhook => (10015, "Webhook"),
            Self::Interaction => (10062, "interaction"),
            Self::Command => (10063, "application command"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_field_is_named_by_its_path() {
        let wanted = json!({
            "message": "Invalid Form Body",
            "code": 50035,
            "errors": { "data": { "content": { "_errors": [{
                "code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 2000 or fewer in length.",
            }] } } },
        });
        assert_eq!(Refusal::too_long("data.content", 2000).body(), wanted);
    }
}
