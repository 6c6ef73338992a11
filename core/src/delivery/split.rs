use unicode_segmentation::UnicodeSegmentation;

use crate::model::{RichText, Span, Style};

/// Cuts a text into parts that fit, each as long as it can be: at a paragraph, line, sentence or word where one is near, and
/// never within a link, code within a line, a block of code that fits by itself, or what a reader takes for one character.
/// What is cut within other formatting has it in both parts. Nothing is lost but the white space at a cut. An empty text
/// makes no part.
///
/// `fits` tells of a beginning whether it is short enough; of two beginnings the shorter fits where the longer does. What
/// cannot be cut so (a link whose address alone is too long) loses its formatting, as [`RichText::plain`] writes it, and is
/// cut anywhere. Where not even one character fits, it makes a part by itself.
pub fn split(text: &RichText, fits: impl Fn(&RichText) -> bool) -> Vec<RichText> {
    let mut parts = Vec::new();
    let mut rest = trimmed_end(text);
    while !rest.is_blank() {
        if fits(&rest) {
            parts.push(rest);
            break;
        }
        let Some(cut) = cut(&rest, &fits) else {
            rest = bared(&rest, &fits, &mut parts);
            continue;
        };
        parts.push(trimmed_end(&rest.slice(0, cut)));
        rest = begun_at(&rest, cut);
    }
    parts.retain(|part| !part.is_blank());
    parts
}

/// Where the longest good beginning ends; `None` where nothing fits.
fn cut(text: &RichText, fits: &impl Fn(&RichText) -> bool) -> Option<usize> {
    let words = text.words().as_str();
    let (ends, longest) = longest(text, fits)?;
    let may_be = |at: usize| ends.binary_search(&at).is_ok() && whole_around(text, at, fits).is_none();
    let good = ["\n\n", "\n", ". ", " "].into_iter().find_map(|mark| {
        let found = words[..longest].rmatch_indices(mark).map(|(at, mark)| at + mark.len());
        let mut near = found.take_while(|at| *at > longest / 2);
        near.find(|at| may_be(*at))
    });
    let line_of_code = || {
        let block = block_around(text, longest).filter(|block| !fits(&text.slice(block.start, block.end)))?;
        words[block.start..longest].rfind('\n').map(|at| block.start + at + 1)
    };
    let fallen_back = || match whole_around(text, longest, fits) {
        Some(0) | None => longest,
        Some(start) => start,
    };
    Some(line_of_code().or(good).unwrap_or_else(fallen_back))
}

/// The ends of the first characters as a reader sees them, and the last of them up to which the text fits.
fn longest(text: &RichText, fits: &impl Fn(&RichText) -> bool) -> Option<(Vec<usize>, usize)> {
    let words = text.words().as_str();
    let mut further = words.grapheme_indices(true).map(|(at, grapheme)| at + grapheme.len());
    let fits_to = |at: usize| fits(&trimmed_end(&text.slice(0, at)));
    let mut ends: Vec<usize> = Vec::new();
    // Twice as far each time, so that a long text is not looked through for each of its parts.
    loop {
        let before = ends.len();
        ends.extend(further.by_ref().take(before.max(64)));
        let is_over = ends.len() == before;
        if is_over || !fits_to(*ends.last()?) {
            break;
        }
    }
    let fitting = ends.partition_point(|end| fits_to(*end));
    let longest = *ends.get(fitting.checked_sub(1)?)?;
    Some((ends, longest))
}

/// Where that begins which stands around a place and is not to be cut there.
fn whole_around(text: &RichText, at: usize, fits: &impl Fn(&RichText) -> bool) -> Option<usize> {
    let around = text.spans().iter().take_while(|span| span.start < at);
    let mut around = around.filter(|span| at < span.end);
    let whole = around.find(|span| match span.style {
        Style::Link { .. } | Style::Code => true,
        Style::Block { .. } => fits(&text.slice(span.start, span.end)),
        _ => false,
    });
    whole.map(|span| span.start)
}

/// The lines of code that a place lies in.
fn block_around(text: &RichText, at: usize) -> Option<&Span> {
    let mut before = text.spans().iter().take_while(|span| span.start < at);
    before.find(|span| at < span.end && matches!(span.style, Style::Block { .. }))
}

/// The rest behind a cut, without the white space there; of code, without the end of the line alone.
fn begun_at(text: &RichText, cut: usize) -> RichText {
    let words = text.words().as_str();
    let rest = &words[cut..];
    let kept = if block_around(text, cut).is_some() {
        // Behind a line its end is gone already.
        rest.strip_prefix('\n')
            .filter(|_| !words[..cut].ends_with('\n'))
            .unwrap_or(rest)
    } else {
        rest.trim_start()
    };
    text.slice(words.len() - kept.len(), words.len())
}

/// The text without formatting; where nothing of that fits either, its first character is a part by itself.
fn bared(text: &RichText, fits: &impl Fn(&RichText) -> bool, parts: &mut Vec<RichText>) -> RichText {
    if !text.spans().is_empty() {
        return text.plain().into();
    }
    let words = text.words().as_str();
    let first = words.chars().next().map_or(0, char::len_utf8);
    let by_characters = words.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = by_characters
        .take_while(|end| fits(&text.slice(0, *end)))
        .last()
        .unwrap_or(first);
    parts.push(text.slice(0, end));
    begun_at(text, end)
}

fn trimmed_end(text: &RichText) -> RichText {
    text.slice(0, text.words().as_str().trim_end().len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::LengthUnit;

    fn within(max: usize, unit: LengthUnit) -> impl Fn(&RichText) -> bool {
        move |part| unit.count(part.plain().as_str()) <= max
    }

    fn parts(text: &str, max: usize, unit: LengthUnit) -> Vec<String> {
        plain(&split(&text.into(), within(max, unit)))
    }

    fn plain(parts: &[RichText]) -> Vec<String> {
        parts.iter().map(|part| part.plain().into_string()).collect()
    }

    fn styled(words: &str, styled: &str, style: Style) -> RichText {
        let start = words.find(styled).expect("the words are in the text");
        let end = start + styled.len();
        RichText::new(words, vec![Span { start, end, style }])
    }

    #[test]
    fn a_short_text_stays_whole() {
        assert_eq!(parts("hello", 4_096, LengthUnit::Utf16), ["hello"]);
        assert!(parts("", 10, LengthUnit::Chars).is_empty());
        assert!(parts(" \n", 10, LengthUnit::Chars).is_empty());
    }

    #[test]
    fn a_long_text_is_cut_between_words() {
        assert_eq!(parts("one two three", 8, LengthUnit::Chars), ["one two", "three"]);
    }

    #[test]
    fn astral_characters_count_twice_in_utf16() {
        assert_eq!(parts("😀😀😀", 4, LengthUnit::Utf16), ["😀😀", "😀"]);
        assert_eq!(parts("😀😀😀", 4, LengthUnit::Chars), ["😀😀😀"]);
    }

    #[test]
    fn what_a_reader_takes_for_one_character_stays_whole() {
        let family = "👩\u{200d}👩\u{200d}👧";
        assert_eq!(
            parts(&family.repeat(3), 12, LengthUnit::Chars),
            [family.repeat(2), family.to_owned()]
        );
        assert_eq!(
            parts("ne\u{301}e\u{301}", 4, LengthUnit::Chars),
            ["ne\u{301}", "e\u{301}"]
        );
        // Where it alone is too long there is no other way.
        assert_eq!(parts(family, 3, LengthUnit::Chars).concat(), family);
    }

    #[test]
    fn no_link_is_cut() {
        let url = "https://a.example".to_owned();
        let link = styled("see the long terms now", "the long terms", Style::Link { url });
        let cut = split(&link, |part| part.words().as_str().len() <= 16);
        assert_eq!(
            cut.iter().map(|part| part.words().as_str()).collect::<Vec<_>>(),
            ["see", "the long terms", "now"]
        );
        assert_eq!(cut[1].spans().len(), 1);
    }

    #[test]
    fn a_link_that_is_too_long_by_itself_is_written_out() {
        let url = format!("https://a.example/{}", "x".repeat(30));
        let link = styled("see here", "here", Style::Link { url: url.clone() });
        let cut = split(&link, within(20, LengthUnit::Chars));
        assert_eq!(plain(&cut).concat().replace(' ', ""), format!("seehere({url})"));
        assert!(
            cut.iter().all(|part| part.plain().as_str().len() <= 20),
            "{:?}",
            plain(&cut)
        );
    }

    #[test]
    fn a_block_of_code_goes_on_in_the_next_part_where_it_must() {
        let code = "one\n  two\n  three";
        let block = Style::Block { language: None };
        let text = styled(&format!("see\n{code}"), code, block.clone());
        let all = |text: &RichText| text.words().as_str().len() <= 17;
        assert_eq!(plain(&split(&text, all)), ["see", code]);
        let cut = split(&text, |part| part.words().as_str().len() <= 12);
        assert_eq!(plain(&cut), ["see\none", "  two", "  three"]);
        assert!(cut.iter().all(|part| part.spans()[0].style == block));
    }

    #[test]
    fn formatting_that_is_cut_stands_in_both_parts() {
        let text = styled("one two", "one two", Style::Bold);
        let cut = split(&text, within(4, LengthUnit::Chars));
        assert_eq!(plain(&cut), ["one", "two"]);
        assert!(cut.iter().all(|part| part.spans().len() == 1));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_part_is_too_long(
            text in "\\PC{0,200}|[a-z \n.]{0,300}",
            marks in prop::collection::vec((0..200_usize, 0..60_usize, 0..5_u8), 0..8),
            max in 40_usize..120,
        ) {
            let style = |kind| match kind {
                0 => Style::Bold,
                1 => Style::Quote,
                2 => Style::Code,
                3 => Style::Block { language: None },
                _ => Style::Link { url: "https://a.example/b".to_owned() },
            };
            let spans = marks.into_iter().map(|(start, length, kind)| Span { start, end: start + length, style: style(kind) });
            let text = RichText::new(text, spans.collect());
            for unit in [LengthUnit::Utf16, LengthUnit::Chars] {
                let parts = split(&text, within(max, unit));
                let is_short = parts.iter().all(|part| unit.count(part.plain().as_str()) <= max);
                prop_assert!(is_short, "{:?}", plain(&parts));
                let solid = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
                let words: String = parts.iter().map(|part| part.words().as_str()).collect();
                prop_assert_eq!(solid(&words), solid(text.words().as_str()));
            }
        }

        #[test]
        fn where_little_fits_nothing_is_lost_either(text in "\\PC{0,60}", max in 1_usize..8) {
            let cut = parts(&text, max, LengthUnit::Utf16);
            let solid = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(solid(&cut.concat()), solid(&text));
            prop_assert!(cut.iter().all(|part| LengthUnit::Utf16.count(part) <= max.max(2)));
        }
    }
}
