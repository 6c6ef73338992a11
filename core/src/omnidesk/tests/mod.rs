//! The client over real sockets, against a stub that behaves as each test says.

mod contract;
mod failures;
mod files;
mod requests;
mod secrecy;
mod stub;

use std::time::Duration;

use self::stub::Stub;
use super::{
    Account, AccountToken, ApiKey, ChatServer, ChatSessionId, ChatUrl, Filled, NewMessage, Omnidesk, OmnideskConfig,
    OmnideskError, ServerToken,
};

const ACCOUNT_TOKEN: &str = "accTOKEN0123456789";
const SERVER_TOKEN: &str = "srvTOKEN-9876543210";
const API_KEY: &str = "apiKEY.5555-4444";
const HOOK_SECRET: &str = "4f1c9d7e2b8a4c3e9f00";
const HOOKS: &str = "https://bot.example.com/omnidesk/4f1c9d7e2b8a4c3e9f00";
const SESSION: &str = "5f0b0f5c-7d0c-4f6e-9a53-3f6f0e1c2b3a";
const WORDS: &str = "My card is 5500 0000 0000 0004, please help";

fn hooks() -> ChatServer {
    ChatServer::new(HOOKS).expect("keeps the rule")
}

fn session() -> ChatSessionId {
    ChatSessionId::new(SESSION).expect("keeps the rule")
}

/// Settings for a desk at an address, with every secret set but the server token.
fn config(address: &str) -> OmnideskConfig {
    let account = Account::parse(address).expect("an address");
    let mut config = OmnideskConfig::new(account, AccountToken::new(ACCOUNT_TOKEN).expect("a token"));
    config.chat_url = ChatUrl::parse(address).expect("an address");
    config.api_key = Some(ApiKey::new(API_KEY).expect("visible"));
    config
}

/// The same, asking with the server token.
fn config_with_server_token(address: &str) -> OmnideskConfig {
    let mut config = config(address);
    config.server_token = Some(ServerToken::new(SERVER_TOKEN).expect("visible"));
    config
}

/// Waits that a test can wait for.
fn impatient(mut config: OmnideskConfig) -> OmnideskConfig {
    config.connect_max = Duration::from_millis(250);
    config.request_max = Duration::from_millis(400);
    config.idle_max = Duration::from_millis(400);
    config
}

fn omnidesk(config: OmnideskConfig) -> Omnidesk {
    Omnidesk::new(config).expect("the settings agree")
}

async fn say(omnidesk: &Omnidesk) -> Result<super::MessageTaken, OmnideskError> {
    let (hooks, session) = (hooks(), session());
    let words = Filled::new("message", WORDS).expect("not empty");
    omnidesk.new_message(&NewMessage::new(&hooks, &session, words)).await
}
