//! What agents write, for whoever shows it to a customer, and what the desk is told of a customer: the inputs of golden
//! tests and their output, also of a channel of your own.

mod made;
#[cfg(test)]
mod tests;
mod told;

pub use self::told::told;
use escalator::{model::RichText, omnidesk::AgentText};

/// An agent's message, as the desk hands it over.
#[derive(Clone, Debug)]
pub struct AgentMessage {
    /// What it is about, as a name for a file.
    pub name: &'static str,
    /// How it is written.
    pub format: AgentText,
    /// What is written.
    pub text: String,
}

impl AgentMessage {
    /// The message as it is delivered.
    pub fn read(&self) -> RichText {
        self.format.read(&self.text)
    }
}

/// Messages of every kind: plain ones, HTML and Markdown, whole and broken ones, and such as nobody writes in good faith. Their
/// names are unique; none of them is blank.
pub fn agent_messages() -> Vec<AgentMessage> {
    let written = WRITTEN.iter().map(|(name, format, text)| AgentMessage {
        name,
        format: *format,
        text: (*text).to_owned(),
    });
    written.chain(made::messages()).collect()
}

const WRITTEN: &[(&str, AgentText, &str)] = &[
    (
        "plain_greeting",
        AgentText::Plain,
        include_str!("corpus/plain_greeting.txt"),
    ),
    ("plain_links", AgentText::Plain, include_str!("corpus/plain_links.txt")),
    ("plain_signs", AgentText::Plain, include_str!("corpus/plain_signs.txt")),
    (
        "plain_scripts",
        AgentText::Plain,
        include_str!("corpus/plain_scripts.txt"),
    ),
    (
        "plain_line_ends",
        AgentText::Plain,
        include_str!("corpus/plain_crlf.txt"),
    ),
    (
        "html_formats",
        AgentText::Html,
        include_str!("corpus/html_formats.html"),
    ),
    ("html_editor", AgentText::Html, include_str!("corpus/html_editor.html")),
    ("html_lists", AgentText::Html, include_str!("corpus/html_lists.html")),
    ("html_table", AgentText::Html, include_str!("corpus/html_table.html")),
    ("html_code", AgentText::Html, include_str!("corpus/html_code.html")),
    ("html_links", AgentText::Html, include_str!("corpus/html_links.html")),
    (
        "html_pictures",
        AgentText::Html,
        include_str!("corpus/html_pictures.html"),
    ),
    (
        "html_entities",
        AgentText::Html,
        include_str!("corpus/html_entities.html"),
    ),
    ("html_broken", AgentText::Html, include_str!("corpus/html_broken.html")),
    ("html_hidden", AgentText::Html, include_str!("corpus/html_hidden.html")),
    ("html_page", AgentText::Html, include_str!("corpus/html_page.html")),
    (
        "html_that_is_plain",
        AgentText::Html,
        include_str!("corpus/html_that_is_plain.html"),
    ),
    (
        "markdown_formats",
        AgentText::Markdown,
        include_str!("corpus/markdown_formats.md"),
    ),
    (
        "markdown_lists",
        AgentText::Markdown,
        include_str!("corpus/markdown_lists.md"),
    ),
    (
        "markdown_table",
        AgentText::Markdown,
        include_str!("corpus/markdown_table.md"),
    ),
    (
        "markdown_code",
        AgentText::Markdown,
        include_str!("corpus/markdown_code.md"),
    ),
    (
        "markdown_links",
        AgentText::Markdown,
        include_str!("corpus/markdown_links.md"),
    ),
    (
        "markdown_html",
        AgentText::Markdown,
        include_str!("corpus/markdown_html.md"),
    ),
    (
        "markdown_that_is_plain",
        AgentText::Markdown,
        include_str!("corpus/markdown_that_is_plain.md"),
    ),
];
