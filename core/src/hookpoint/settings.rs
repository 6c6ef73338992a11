use std::time::Duration;

use super::{HookpointUrl, Secret};

/// How the hookpoint works.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HookpointSettings {
    /// Where the desk reaches it, without the secret.
    pub url: HookpointUrl,
    /// The secret that new sessions are opened with.
    pub secret: Secret,
    /// Older secrets, taken while sessions stand that were opened with them, and for a late reply. See
    /// [`Secret::of_address`].
    pub accepted: Vec<Secret>,
    /// The longest body without a file, in bytes. 256 KiB. It is also how much of a multipart body, its file apart, is
    /// held in memory.
    pub text_body_bytes_max: usize,
    /// The longest body with a file in base64, in bytes. It is held in memory. 32 MiB, enough for a file of 24 MiB.
    pub base64_body_bytes_max: usize,
    /// The largest file of a multipart body, in bytes. 100 MB.
    pub file_bytes_max: u64,
    /// The most fields of a hook. 64.
    pub fields_max: usize,
    /// The longest name and value of a field together, in bytes. 128 KiB.
    pub field_bytes_max: usize,
    /// How many hooks may be under way. More are answered 503. 512.
    pub requests_max: u32,
    /// How long a body may stand still. 30 seconds.
    pub body_idle_max: Duration,
}

impl HookpointSettings {
    /// The defaults, behind an address and a secret.
    pub fn new(url: HookpointUrl, secret: Secret) -> Self {
        Self {
            url,
            secret,
            accepted: Vec::new(),
            text_body_bytes_max: 256 << 10,
            base64_body_bytes_max: 32 << 20,
            file_bytes_max: 100_000_000,
            fields_max: 64,
            field_bytes_max: 128 << 10,
            requests_max: 512,
            body_idle_max: Duration::from_secs(30),
        }
    }

    /// What the desk is told as `chatServer`: the address with the secret in it. Not for logs.
    pub fn hook_address(&self) -> String {
        format!("{}/{}", self.url, self.secret.expose())
    }
}
