use escalator::model::{Attachment, CustomerEvent, FileSource, RichText, Text, TextFormat};

/// What a customer did, as the desk is told of it, in lines to read: the words in each of the desk's formats, and what is
/// known of each file. For golden tests of what a channel reads.
pub fn told(event: &CustomerEvent) -> String {
    match event {
        CustomerEvent::Message(message) => {
            let words = message.text.as_ref().map(words).unwrap_or_default();
            let files: String = message.files.iter().map(file).collect();
            if words.is_empty() && files.is_empty() {
                "  (nothing)\n".to_owned()
            } else {
                words + &files
            }
        }
        CustomerEvent::Edited(text) => format!("  (edited)\n{}", words(text)),
        other => format!("  {other:?}\n"),
    }
}

fn words(text: &RichText) -> String {
    let (plain, markdown) = (text.in_format(TextFormat::Plain), text.in_format(TextFormat::Markdown));
    let mut told = indented("plain    ", &plain);
    if markdown != plain {
        told += &indented("markdown ", &markdown);
    }
    told
}

fn indented(word: &str, text: &Text) -> String {
    let between = format!("\n{}│ ", " ".repeat(11));
    format!("  {word}│ {}\n", text.as_str().replace('\n', &between))
}

fn file(file: &Attachment) -> String {
    let media_type = file.media_type.as_deref().unwrap_or("no type");
    let bytes = file.bytes.map_or_else(|| "?".to_owned(), |bytes| bytes.to_string());
    let handle = match &file.source {
        FileSource::Platform(handle) => handle.as_str(),
        FileSource::Blob(_) => "kept here",
    };
    let label = file.label();
    format!(
        "  file     │ {} {media_type}, {bytes} bytes, {handle}\n",
        label.as_str()
    )
}
