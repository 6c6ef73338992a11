use serenity::model::channel::{Embed, Poll, PollMedia, PollMediaEmoji};

/// A poll, as one line.
pub(super) fn line(poll: &Poll) -> String {
    let answers: Vec<_> = poll.answers.iter().map(|answer| media(&answer.poll_media)).collect();
    format!("[poll: {} ({})]", media(&poll.question), answers.join(" / "))
}

/// How a poll ended. Discord tells it by the fields of an embed,
/// <https://discord.com/developers/docs/resources/message#embed-fields-by-embed-type-poll-result-embed-fields>.
pub(super) fn result(embeds: &[Embed]) -> String {
    let fields = || embeds.iter().flat_map(|embed| &embed.fields);
    let field = |name: &str| {
        fields()
            .find(|field| field.name == name)
            .map(|field| field.value.as_str())
    };
    let question = field("poll_question_text").unwrap_or_default();
    let total = field("total_votes").unwrap_or("0");
    let emoji = field("victor_answer_emoji_name").map(|name| emoji(name, field("victor_answer_emoji_id").is_some()));
    let winner: Vec<_> = emoji
        .into_iter()
        .chain(field("victor_answer_text").map(str::to_owned))
        .collect();
    if winner.is_empty() {
        return format!("[the poll is over: {question} (no answer won, {total} votes)]");
    }
    let votes = field("victor_answer_votes").unwrap_or("0");
    format!(
        "[the poll is over: {question} ({}, {votes} of {total} votes)]",
        winner.join(" ")
    )
}

fn media(media: &PollMedia) -> String {
    let emoji = media.emoji.as_ref().map(|emoji| match emoji {
        // A custom one has letters for a name, and they are told apart by nothing else.
        PollMediaEmoji::Name(name) => self::emoji(name, name.is_ascii()),
        PollMediaEmoji::Id(_) => ":emoji:".to_owned(),
    });
    let words = emoji.into_iter().chain(media.text.clone());
    words.collect::<Vec<_>>().join(" ")
}

fn emoji(name: &str, is_custom: bool) -> String {
    if is_custom {
        format!(":{name}:")
    } else {
        name.to_owned()
    }
}
