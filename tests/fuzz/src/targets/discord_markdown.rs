//! Discord's Markdown as formatted text.

use serde_json::json;

use super::discord_event::{check, event, message};
use crate::Target;

pub(crate) const TARGET: Target = Target {
    name: "discord_markdown",
    run,
    seeds,
    bytes_max: 4_000,
};

/// An input is what somebody wrote.
fn run(input: &[u8]) {
    let Ok(content) = std::str::from_utf8(input) else {
        return;
    };
    let told = check(
        event("MESSAGE_CREATE", &message(json!({"content": content})))
            .to_string()
            .as_bytes(),
    );
    assert!(
        told.is_some_and(|told| !told.inbound.is_empty()),
        "a message is read whatever stands in it"
    );
}

fn seeds() -> Vec<Vec<u8>> {
    [
        "**bold *both*** __under__ ~~gone~~ ||hid|| `code` ``a ` b``",
        "> said\n> twice\nno\n>>> all\nthe rest",
        "```rust\nfn f() {}\n```\nand `x`",
        "# big\n## less\n-# small\n- item\n1. item",
        "[our shop](https://shop.example/(x)) <https://shop.example/a_b> https://shop.example/*c*",
        "<@42> <@!42> <@&3> <#10> <:cat:78> <a:dance:77> <t:1700000000:R> </end:5> <id:browse>",
        "a\\*b\\* snake_case_word 2 * 3 * 4 ||**deep *er* ~~est~~**||",
        "😀👨‍👩‍👧‍👦 שלום *שלום*\u{202e}",
    ]
    .map(|content| content.as_bytes().to_vec())
    .into()
}
