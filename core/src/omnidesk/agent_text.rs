use super::ValueError;
use crate::model::RichText;

/// How the text of an agent's message is written. Neither the guide nor the OpenAPI pages tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AgentText {
    /// As it is to be read. Addresses in it become links.
    #[default]
    Plain,
    /// In HTML. A text without tags that make lines keeps its own.
    Html,
    /// In Markdown.
    Markdown,
}

impl AgentText {
    /// Reads the name of a format: `plain`, `html` or `markdown`, in any case of letters.
    ///
    /// # Errors
    /// [`ValueError`] for the setting `agent_text`.
    pub fn parse(name: &str) -> Result<Self, ValueError> {
        match name.trim().to_ascii_lowercase().as_str() {
            "plain" => Ok(Self::Plain),
            "html" => Ok(Self::Html),
            "markdown" => Ok(Self::Markdown),
            _ => {
                let problem = "is no format that is known";
                Err(ValueError::new("agent_text", problem, "`plain`, `html` or `markdown`"))
            }
        }
    }

    /// Reads a text that is written so. Where nothing of it could be seen, it is read as plain: an agent meant to say
    /// something.
    pub fn read(self, text: &str) -> RichText {
        let read = match self {
            Self::Plain => RichText::from_plain(text),
            Self::Html => RichText::from_html(text),
            Self::Markdown => RichText::from_markdown(text),
        };
        if read.is_blank() {
            return RichText::from_plain(text);
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_known_by_its_name() {
        for (name, format) in [
            ("plain", AgentText::Plain),
            ("HTML", AgentText::Html),
            (" Markdown ", AgentText::Markdown),
        ] {
            assert_eq!(AgentText::parse(name).expect("it is known"), format);
        }
        let error = AgentText::parse("bbcode").expect_err("it is not known");
        assert_eq!(
            (error.name(), error.rule()),
            ("agent_text", "`plain`, `html` or `markdown`")
        );
    }

    #[test]
    fn a_text_is_read_in_its_format_and_never_as_nothing() {
        let text = "*a* <b>b</b>";
        for (format, words) in [
            (AgentText::Plain, text),
            (AgentText::Html, "*a* b"),
            (AgentText::Markdown, "a <b>b</b>"),
        ] {
            assert_eq!(format.read(text).words().as_str(), words);
        }
        for format in [AgentText::Html, AgentText::Markdown] {
            let unseen = "<!-- only this -->";
            assert_eq!(format.read(unseen).words().as_str(), unseen, "{format:?}");
        }
        assert_eq!(AgentText::Markdown.read("[a]: /b").words().as_str(), "[a]: /b");
    }
}
