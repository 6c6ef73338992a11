/// The secret and the hook's name in a path: its last two segments. Empty ones do not count, so `//` before the name
/// and a slash behind it do no harm, whatever the prefix.
pub(super) fn secret_and_name(path: &str) -> Option<(&str, &str)> {
    let mut segments = path.rsplit('/').filter(|segment| !segment.is_empty());
    let name = segments.next()?;
    Some((segments.next()?, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_two_segments_count() {
        for (path, read) in [
            ("/s/endSession", Some(("s", "endSession"))),
            ("/any/prefix/s//endSession/", Some(("s", "endSession"))),
            ("//s///endSession", Some(("s", "endSession"))),
            ("/endSession", None),
            ("/", None),
            ("", None),
        ] {
            assert_eq!(secret_and_name(path), read, "{path}");
        }
    }
}
