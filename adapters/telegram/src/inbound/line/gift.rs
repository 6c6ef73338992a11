use teloxide::types::{GiftInfo, PaidMedia, PaidMediaInfo, UniqueGiftInfo};

/// What is shown to those alone who pay.
pub(super) fn paid_media(paid: &PaidMediaInfo) -> String {
    let kinds = paid.paid_media.iter().map(|media| match media {
        PaidMedia::Preview(_) => "preview",
        PaidMedia::Photo(_) => "photo",
        PaidMedia::Video(_) => "video",
    });
    let kinds: Vec<_> = kinds.collect();
    format!("[paid media, {}: {}]", stars(paid.star_count), kinds.join(", "))
}

/// A gift, and the words that came with it.
pub(super) fn gift(info: &GiftInfo) -> String {
    let emoji = info.gift.sticker.emoji.clone();
    let told: Vec<_> = emoji.into_iter().chain([stars(info.gift.star_count)]).collect();
    let gift = format!("[gift: {}]", told.join(", "));
    match info.text.as_deref().filter(|words| !words.is_empty()) {
        Some(words) => format!("{gift} {words}"),
        None => gift,
    }
}

/// A gift of which there is one.
pub(super) fn unique(info: &UniqueGiftInfo) -> String {
    format!("[gift: {} #{}]", info.gift.base_name, info.gift.number)
}

fn stars(count: u32) -> String {
    match count {
        1 => "1 star".to_owned(),
        count => format!("{count} stars"),
    }
}
