use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

use crate::model::{RichText, Span, Style};

/// How much of a text is measured first, in bytes; then twice as much each time, so that a long text is not looked through
/// for each of its parts.
const MEASURED_FIRST_BYTES: usize = 512;

/// Cuts a text into parts that fit: at a paragraph, line, sentence or word where one is near the end of what fits, and never
/// within a link, code within a line, a block of code that fits by itself, or what a reader takes for one character. What is
/// cut within other formatting has it in both parts. Nothing is lost but the white space at a cut, of which the first line of
/// code keeps its own. An empty text makes no part.
///
/// `fits` tells of a text whether it is short enough; of two beginnings the shorter fits where the longer does. A link or
/// code that does not fit by itself is cut like words. Where not even its first character fits, as with a link whose address
/// is too long, the link is written out, as [`RichText::plain`] does it; without one, what a reader takes for one character
/// is cut. Where no character fits, it makes a part by itself.
pub fn split(text: &RichText, fits: impl Fn(&RichText) -> bool) -> Vec<RichText> {
    let mut parts = Vec::new();
    let mut text = Cow::Borrowed(text);
    let mut at = 0;
    let mut end = text.words().as_str().trim_end().len();
    while at < end {
        let Some(reach) = too_far(&text, at, end, &fits) else {
            parts.push(text.slice(at, end));
            break;
        };
        let cut = match cut(&text, at, reach, &fits) {
            Some(cut) => cut,
            None => match text.with_link_written_out(at) {
                Some(written_out) => {
                    end = written_out.words().as_str().trim_end().len();
                    text = Cow::Owned(written_out);
                    continue;
                }
                None => within_a_character(&text, at, reach, &fits),
            },
        };
        parts.push(trimmed_end(&text.slice(at, cut)));
        at = begun_at(&text, cut);
    }
    parts.retain(|part| !part.is_blank());
    parts
}

/// A place up to which the text from here does not fit; `None` where all of it does.
fn too_far(text: &RichText, at: usize, end: usize, fits: &impl Fn(&RichText) -> bool) -> Option<usize> {
    let words = text.words().as_str();
    let mut length = MEASURED_FIRST_BYTES;
    loop {
        let to = words.ceil_char_boundary(at + length).min(end);
        if !fits(&trimmed_end(&text.slice(at, to))) {
            return Some(to);
        }
        if to == end {
            return None;
        }
        length *= 2;
    }
}

/// Where the best beginning ends of those that are shorter than this; `None` where nothing fits.
fn cut(text: &RichText, at: usize, reach: usize, fits: &impl Fn(&RichText) -> bool) -> Option<usize> {
    let near = text.slice(at, reach);
    let words = near.words().as_str();
    let graphemes = words.grapheme_indices(true);
    let ends: Vec<usize> = graphemes.map(|(at, grapheme)| at + grapheme.len()).collect();
    let wholes = wholes(text, at, reach, fits);
    let outside = outside(&ends, &wholes);
    let (ends, longest) = if let Some(longest) = longest(&near, &outside, fits) {
        (outside, longest)
    } else {
        let longest = longest(&near, &ends, fits)?;
        (ends, longest)
    };
    let found = end_of_code(&near, &wholes, longest).or_else(|| good(words, &ends, longest));
    Some(at + found.unwrap_or(longest))
}

/// What is not to be cut, as it lies in this stretch.
fn wholes<'t>(
    text: &'t RichText,
    at: usize,
    reach: usize,
    fits: &impl Fn(&RichText) -> bool,
) -> Vec<(usize, usize, &'t Style)> {
    let spans = text.spans().iter().take_while(|span| span.start < reach);
    let here = spans.filter(|span| span.end > at && is_whole(text, at, span, fits));
    here.map(|span| (span.start.max(at) - at, span.end - at, &span.style))
        .collect()
}

/// Whether formatting is not to be cut: a block of code where what is left of it fits.
fn is_whole(text: &RichText, at: usize, span: &Span, fits: &impl Fn(&RichText) -> bool) -> bool {
    match span.style {
        Style::Link { .. } | Style::Code => true,
        Style::Block { .. } => too_far(text, span.start.max(at), span.end, fits).is_none(),
        _ => false,
    }
}

/// The places that lie in nothing that is to stay whole.
fn outside(ends: &[usize], wholes: &[(usize, usize, &Style)]) -> Vec<usize> {
    let mut wholes = wholes.iter().peekable();
    let mut taken_to = 0;
    let is_outside = |end: &&usize| {
        while let Some((_, whole_end, _)) = wholes.next_if(|(start, ..)| start < *end) {
            taken_to = taken_to.max(*whole_end);
        }
        **end >= taken_to
    };
    ends.iter().filter(is_outside).copied().collect()
}

/// The last of these places up to which the text fits.
fn longest(text: &RichText, ends: &[usize], fits: &impl Fn(&RichText) -> bool) -> Option<usize> {
    let fitting = ends.partition_point(|end| fits(&trimmed_end(&text.slice(0, *end))));
    ends.get(fitting.checked_sub(1)?).copied()
}

/// The end of the last line of code, where a place lies in a block that has to be cut.
fn end_of_code(text: &RichText, wholes: &[(usize, usize, &Style)], at: usize) -> Option<usize> {
    let block = block_around(text, at)?;
    if wholes
        .iter()
        .any(|(start, _, style)| *start == block.start && matches!(style, Style::Block { .. }))
    {
        return None;
    }
    let lines = &text.words().as_str()[block.start..at];
    lines.rfind('\n').map(|end| block.start + end + 1)
}

/// The end of a paragraph, line, sentence or word in the second half of what fits.
fn good(words: &str, ends: &[usize], longest: usize) -> Option<usize> {
    ["\n\n", "\n", ". ", " "].into_iter().find_map(|mark| {
        let found = words[..longest].rmatch_indices(mark).map(|(at, mark)| at + mark.len());
        let mut near = found.take_while(|at| *at > longest / 2);
        near.find(|at| ends.binary_search(at).is_ok())
    })
}

/// Where what is read as one character is cut, of which not all fits.
fn within_a_character(text: &RichText, at: usize, reach: usize, fits: &impl Fn(&RichText) -> bool) -> usize {
    let words = &text.words().as_str()[at..reach];
    let ends: Vec<usize> = words.char_indices().map(|(start, c)| start + c.len_utf8()).collect();
    let first = ends.first().copied().unwrap_or_default();
    at + longest(&text.slice(at, reach), &ends, fits).unwrap_or(first)
}

/// The lines of code that a place lies in.
fn block_around(text: &RichText, at: usize) -> Option<&Span> {
    let mut before = text.spans().iter().take_while(|span| span.start < at);
    before.find(|span| at < span.end && matches!(span.style, Style::Block { .. }))
}

/// Where the rest behind a cut begins: without the white space there, but with that of code. Of a line of code that was cut
/// at its end, without that end.
fn begun_at(text: &RichText, cut: usize) -> usize {
    let words = text.words().as_str();
    if block_around(text, cut).is_some() {
        let is_end = words[cut..].starts_with('\n') && !words[..cut].ends_with('\n');
        return cut + usize::from(is_end);
    }
    let begun = words.len() - words[cut..].trim_start().len();
    let is_code = |span: &&Span| span.start >= cut && matches!(span.style, Style::Block { .. });
    let spans = text.spans().iter().take_while(|span| span.start < begun);
    let code = spans.filter(is_code).map(|span| span.start).next();
    code.unwrap_or(begun)
}

fn trimmed_end(text: &RichText) -> RichText {
    text.slice(0, text.words().as_str().trim_end().len())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

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

    /// What stands in blocks of code, without the ends of lines, and of lines without the space behind them.
    fn code(text: &RichText) -> Vec<String> {
        let blocks = text
            .spans()
            .iter()
            .filter(|span| matches!(span.style, Style::Block { .. }));
        let words = blocks.map(|span| &text.words().as_str()[span.start..span.end]);
        words.map(|words| words.lines().map(str::trim_end).collect()).collect()
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

    #[test]
    fn code_keeps_what_is_in_front_of_its_first_line() {
        let text = styled(
            "do this:\n\n  one\n  two",
            "  one\n  two",
            Style::Block { language: None },
        );
        let cut = split(&text, |part| part.words().as_str().len() <= 11);
        let words: Vec<_> = cut.iter().map(|part| part.words().as_str()).collect();
        assert_eq!(words, ["do this:", "  one\n  two"]);
    }

    #[test]
    fn a_link_of_many_words_is_cut_between_them() {
        let url = "https://a.example".to_owned();
        let link = styled("see one two three four", "one two three four", Style::Link { url });
        let cut = split(&link, |part| part.words().as_str().len() <= 10);
        let words: Vec<_> = cut.iter().map(|part| part.words().as_str()).collect();
        assert_eq!(words, ["see", "one two", "three four"]);
        assert!(cut[1..].iter().all(|part| part.spans().len() == 1));
    }

    #[test]
    fn one_link_that_is_written_out_takes_no_other_formatting_along() {
        let url = |long| Style::Link {
            url: format!("https://a.example/{}", "x".repeat(long)),
        };
        let spans = [
            (0, 14, Style::Bold),
            (0, 4, url(60)),
            (5, 9, url(1)),
            (10, 14, Style::Italic),
        ];
        let spans = spans.map(|(start, end, style)| Span { start, end, style });
        let text = RichText::new("here here here", spans.to_vec());
        let cut = split(&text, within(40, LengthUnit::Chars));
        assert!(
            cut.iter().all(|part| part.plain().as_str().len() <= 40),
            "{:?}",
            plain(&cut)
        );
        let kinds = |part: &RichText| part.spans().iter().map(|span| span.style.clone()).collect::<Vec<_>>();
        let last = cut.last().expect("there are parts");
        assert_eq!(kinds(last), [Style::Bold, url(1), Style::Italic]);
        assert!(cut.iter().all(|part| kinds(part)[0] == Style::Bold));
    }

    #[test]
    fn a_long_text_is_cut_in_no_time() {
        const BYTES: usize = 128 << 10;
        const TIME_MAX: Duration = Duration::from_secs(20);
        let every = |words: &str, style: &Style| {
            let spans = (0..BYTES / words.len()).map(|at| {
                let start = at * words.len();
                Span {
                    start,
                    end: start + words.len() - 1,
                    style: style.clone(),
                }
            });
            RichText::new(words.repeat(BYTES / words.len()), spans.collect())
        };
        let long = |words: &str, style: Style| {
            let words = words.repeat(BYTES / words.len());
            let end = words.len();
            RichText::new(words, vec![Span { start: 0, end, style }])
        };
        let url = |long| Style::Link {
            url: format!("https://a.example/{}", "x".repeat(long)),
        };
        for (what, text) in [
            ("words", "a word ".repeat(BYTES / 7).into()),
            ("no words", "x".repeat(BYTES).into()),
            ("lines", "a\n".repeat(BYTES / 2).into()),
            ("space", format!("a{}b", " ".repeat(BYTES)).into()),
            ("one character", format!("e{}", "\u{301}".repeat(BYTES / 2)).into()),
            ("links", every("a link ", &url(10))),
            ("bold words", every("bold ", &Style::Bold)),
            ("long addresses", every(&"one of few links ".repeat(400), &url(5_000))),
            ("code", long("let x = 1;\n", Style::Block { language: None })),
            ("one line of code", long("let x = 1; ", Style::Block { language: None })),
            ("a quote", long("they said so. ", Style::Quote)),
            ("a long link", long("some words ", url(10))),
        ] {
            let begun = Instant::now();
            let parts = split(&text, within(4_096, LengthUnit::Utf16));
            assert!(begun.elapsed() < TIME_MAX, "{what}: {:?}", begun.elapsed());
            assert!(
                parts
                    .iter()
                    .all(|part| LengthUnit::Utf16.count(part.plain().as_str()) <= 4_096),
                "{what}"
            );
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_part_is_too_long(
            text in "\\PC{0,200}|[a-z \n.]{0,300}|[ \n\u{a0}a]{0,100}|([a-z]\u{301}{0,9}[ \u{200d}👩🇩]?){0,60}",
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
                prop_assert!(parts.iter().all(|part| !part.is_blank()));
                let lines = |texts: &[RichText]| texts.iter().flat_map(code).collect::<String>();
                prop_assert_eq!(lines(&parts), lines(std::slice::from_ref(&text)), "code keeps what stands in its lines");
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
