//! Markdown as the agent's page shows it: a tree of elements, which the page makes one by one.
//!
//! # Invariants
//! - Nothing of the source becomes markup but what stands here: HTML in it is shown as it was written.
//! - A link leads to the web, to a mail address, to a phone number or into Telegram; any other is its words alone. A picture
//!   is a link, so the page loads nothing from elsewhere.

use pulldown_cmark::{Event, Options, Parser, Tag};
use serde::Serialize;

/// What a link may begin with.
const SCHEMES: [&str; 5] = ["https://", "http://", "mailto:", "tel:", "tg://"];

/// A part of a text.
#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Node {
    /// Words, as they are.
    Words(String),
    /// What stands within marks.
    Element(Element),
}

/// Marks, and what stands within them.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct Element {
    tag: &'static str,
    /// Where a link leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    href: Option<String>,
    nodes: Vec<Node>,
}

/// Reads a text.
pub(super) fn read(text: &str) -> Vec<Node> {
    let mut open = vec![Element::default()];
    for event in Parser::new_ext(text, Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Start(tag) => open.push(element(&tag)),
            Event::End(_) => {
                if let Some(closed) = open.pop() {
                    add(&mut open, Node::Element(closed));
                }
            }
            Event::Code(words) => {
                let nodes = vec![Node::Words(words.into_string())];
                add(&mut open, of("code", nodes));
            }
            // A chat's line ends where its writer ended it.
            Event::SoftBreak | Event::HardBreak => add(&mut open, of("br", Vec::new())),
            Event::Rule => add(&mut open, of("hr", Vec::new())),
            Event::Text(words)
            | Event::Html(words)
            | Event::InlineHtml(words)
            | Event::InlineMath(words)
            | Event::DisplayMath(words)
            | Event::FootnoteReference(words) => add(&mut open, Node::Words(words.into_string())),
            // It is not asked for.
            Event::TaskListMarker(_) => {}
        }
    }
    open.pop().unwrap_or_default().nodes
}

fn element(tag: &Tag<'_>) -> Element {
    let name = match tag {
        Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
            let leads = SCHEMES.iter().any(|scheme| dest_url.starts_with(scheme));
            return Element {
                tag: if leads { "a" } else { "span" },
                href: leads.then(|| dest_url.to_string()),
                nodes: Vec::new(),
            };
        }
        Tag::Paragraph | Tag::HtmlBlock => "p",
        Tag::Heading { .. } => "h4",
        Tag::BlockQuote(_) => "blockquote",
        Tag::CodeBlock(_) => "pre",
        Tag::List(Some(_)) => "ol",
        Tag::List(None) => "ul",
        Tag::Item => "li",
        Tag::Emphasis => "em",
        Tag::Strong => "strong",
        Tag::Strikethrough => "s",
        // The others are not asked for.
        _ => "span",
    };
    Element {
        tag: name,
        ..Element::default()
    }
}

fn of(tag: &'static str, nodes: Vec<Node>) -> Node {
    Node::Element(Element { tag, href: None, nodes })
}

fn add(open: &mut [Element], node: Node) {
    let Some(innermost) = open.last_mut() else { return };
    match (innermost.nodes.last_mut(), node) {
        (Some(Node::Words(before)), Node::Words(words)) => before.push_str(&words),
        (_, node) => innermost.nodes.push(node),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read_json(text: &str) -> Value {
        json!(read(text))
    }

    /// All tags, where their links lead, and all words.
    fn parts(nodes: &[Node]) -> (Vec<&'static str>, Vec<String>, String) {
        let mut all = (Vec::new(), Vec::new(), String::new());
        for node in nodes {
            match node {
                Node::Words(words) => all.2.push_str(words),
                Node::Element(element) => {
                    let (tags, links, words) = parts(&element.nodes);
                    all.0.push(element.tag);
                    all.0.extend(tags);
                    all.1.extend(element.href.clone());
                    all.1.extend(links);
                    all.2.push_str(&words);
                }
            }
        }
        all
    }

    #[test]
    fn marks_become_elements() {
        let element = |tag: &str, nodes: Value| json!({ "tag": tag, "nodes": nodes });
        let cases = [
            (
                "**b** *i*",
                json!([element(
                    "p",
                    json!([element("strong", json!(["b"])), " ", element("em", json!(["i"]))])
                )]),
            ),
            (
                "~~s~~ `c`",
                json!([element(
                    "p",
                    json!([element("s", json!(["s"])), " ", element("code", json!(["c"]))])
                )]),
            ),
            (
                "a\nb",
                json!([element("p", json!(["a", element("br", json!([])), "b"]))]),
            ),
            (
                "> q",
                json!([element("blockquote", json!([element("p", json!(["q"]))]))]),
            ),
            ("1. a", json!([element("ol", json!([element("li", json!(["a"]))]))])),
            ("```rust\nx < y\n```", json!([element("pre", json!(["x < y\n"]))])),
            (
                "[l](https://example.org/?a=1)",
                json!([element(
                    "p",
                    json!([{ "tag": "a", "href": "https://example.org/?a=1", "nodes": ["l"] }])
                )]),
            ),
        ];
        for (text, wanted) in cases {
            assert_eq!(read_json(text), wanted, "{text}");
        }
    }

    #[test]
    fn html_is_shown_as_it_was_written_and_links_lead_nowhere_else() {
        let hostile = [
            "<script>alert(1)</script>",
            "a <img src=x onerror=alert(1)> b",
            "<b onclick='x'>y</b>",
        ];
        for text in hostile {
            let nodes = read(text);
            let (tags, links, words) = parts(&nodes);
            assert_eq!((tags, links, words.as_str()), (vec!["p"], vec![], text));
        }
        for text in [
            "[l](javascript:alert(1))",
            "[l](data:text/html,x)",
            "[l](/elsewhere)",
            "![l](x.png)",
        ] {
            let nodes = read(text);
            let (tags, links, words) = parts(&nodes);
            assert_eq!((tags, links, words.as_str()), (vec!["p", "span"], vec![], "l"));
        }
    }
}
