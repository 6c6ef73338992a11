//! The server that the desk calls: reads its hooks and hands them to intake.
//!
//! # Invariants
//! - A call without the secret gets 404, and nothing is touched: not even its body is read.
//! - A hook is answered after its commit. Once its body is complete it is committed, whether its caller waits or not.
//! - Every body, field and queue has a limit, and bodies are measured before they are kept.
//! - Neither what was written nor the address, which holds the secret, is ever logged.
//!
//! # Not here
//! - What a field means: the desk's own reader (`omnidesk`).
//! - What a hook leads to: `session`.

mod address;
mod body;
mod fields;
mod file;
mod hook;
mod path;
mod refusal;
mod router;
mod secret;
mod serve;
mod settings;
mod to_the_end;

#[cfg(test)]
mod tests;

pub use axum::Router;

pub use self::{
    address::{HookpointUrl, HookpointUrlError},
    router::Hookpoint,
    secret::{Secret, SecretError},
    serve::{ServeSettings, serve},
    settings::HookpointSettings,
};
