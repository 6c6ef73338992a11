use escalator::model::{Piece, RichText, Style};
use escalator_discord::fuzzing;

use crate::rich::{has_links, is_part, letters};

/// How long a message may be, in characters.
const CHARS_MAX: usize = 2_000;

/// Checks that a part is what Discord takes, and that Discord shows the words of it.
pub(super) fn check(part: &RichText) {
    let content = fuzzing::written(part);
    let chars = content.chars().count();
    assert!(chars <= CHARS_MAX, "{chars} characters: {content:?}");
    let (wanted, shown) = (expected(part), fuzzing::shown(&content).plain());
    let shown = folded(shown.as_str());
    let is_kept = if has_links(part) {
        is_part(letters(&wanted), letters(&shown))
    } else {
        letters(&wanted).eq(letters(&shown))
    };
    assert!(is_kept, "Discord shows other words: {wanted:?} became {content:?}");
}

/// The words that are to be seen. Those of a link that tell where it leads may give way to its address.
fn expected(part: &RichText) -> String {
    let mut words = String::new();
    let mut link: Option<(&str, usize)> = None;
    for piece in part.pieces() {
        match piece {
            Piece::Words(said) => words.push_str(said),
            Piece::Open(Style::Link { url }) => link = Some((url, words.len())),
            Piece::Close(Style::Link { .. }) => {
                let Some((url, start)) = link.take() else { continue };
                if without_scheme(&words[start..]) == without_scheme(url) {
                    let place = without_scheme(&words[start..]);
                    words.truncate(start);
                    words.push_str(&place);
                }
            }
            _ => {}
        }
    }
    folded(&words)
}

fn without_scheme(address: &str) -> String {
    const SCHEMES: [&str; 4] = ["https://", "http://", "mailto:", "tel:"];
    let address = address.trim().to_lowercase();
    let place = SCHEMES.iter().find_map(|scheme| address.strip_prefix(scheme));
    place.unwrap_or(&address).trim_end_matches('/').to_owned()
}

/// In small letters, which an address in the place of words may have.
fn folded(words: &str) -> String {
    words.to_lowercase().replace('ς', "σ")
}
