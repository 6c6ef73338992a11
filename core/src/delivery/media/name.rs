use infer::Type;

/// Endings that one container or one program goes by: within a group the bytes tell no more than the name.
const ALIKE: &[&[&str]] = &[
    &["jpg", "jpeg", "jpe", "jfif", "pjpeg"],
    &["png", "apng"],
    &["tif", "tiff", "cr2", "nef", "dng", "arw"],
    &["heif", "heic", "hif", "avif"],
    &["bmp", "dib"],
    &["ico", "cur"],
    &["mp4", "m4v", "m4a", "m4b", "mov", "qt", "3gp", "3g2"],
    &["mkv", "webm", "mka", "weba"],
    &["ogg", "oga", "ogv", "opus", "spx"],
    &["mpg", "mpeg", "vob"],
    &["mp3", "mpga", "mp2"],
    &["wmv", "wma", "asf"],
    &["midi", "mid"],
    &["aiff", "aif", "aifc"],
    &[
        "zip", "docx", "docm", "dotx", "xlsx", "xlsm", "xltx", "pptx", "pptm", "ppsx", "odt", "ods", "odp", "odg",
        "epub", "jar", "apk", "ora", "kmz", "cbz", "pages", "numbers", "key",
    ],
    // A workbook with a password is kept in the old container.
    &[
        "docx", "docm", "xlsx", "xlsm", "pptx", "pptm", "msi", "doc", "dot", "xls", "xlt", "ppt", "pps", "msg", "vsd",
        "pub", "rtf",
    ],
    &["ps", "eps", "ai", "pdf"],
    &["gz", "tgz", "svgz"],
    &["bz2", "tbz2"],
    &["xz", "txz"],
    &["zst", "tzst"],
    &["ar", "a", "lib", "deb"],
    &["exe", "dll", "sys", "scr", "com", "cpl", "ocx", "drv"],
    &["elf", "so", "o", "bin", "run", "ko", "obj"],
    &["mach", "dylib"],
    &["der", "pem", "cer", "crt", "key"],
    &["ttf", "otf", "woff", "woff2", "eot"],
    &["sqlite", "sqlite3", "db"],
    &[
        "html", "htm", "xhtml", "sh", "bash", "txt", "md", "csv", "log", "json", "xml", "svg", "js", "css", "php", "py",
    ],
];

/// Endings that stand for one format alone.
const ALONE: &[&str] = &[
    "gif", "webp", "psd", "jxl", "jp2", "wav", "avi", "flv", "flac", "amr", "aac", "rar", "7z", "tar", "swf", "iso",
];

/// How long an ending is at the most, in characters.
const ENDING_CHARS_MAX: usize = 12;

/// A file's name with an ending that its bytes do not contradict. An ending is added where there is none, and behind one
/// that says something else.
pub(super) fn ended(name: &str, known: Option<Type>, made_up: &str) -> String {
    let Some(ending) = ending(name) else {
        return if made_up == super::NOTHING_KNOWN {
            name.to_owned()
        } else {
            format!("{name}.{made_up}")
        };
    };
    match known {
        Some(known) if contradicts(&ending, known.extension()) => format!("{name}.{}", known.extension()),
        _ => name.to_owned(),
    }
}

/// What stands behind the last dot, in small letters, if it reads as an ending.
fn ending(name: &str) -> Option<String> {
    let (stem, ending) = name.rsplit_once('.')?;
    let reads = ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && ending.bytes().any(|byte| byte.is_ascii_alphabetic())
        && ending.len() <= ENDING_CHARS_MAX;
    (reads && !stem.is_empty()).then(|| ending.to_ascii_lowercase())
}

/// Whether an ending says of a file what its bytes show to be wrong. One that nobody knows says nothing.
fn contradicts(ending: &str, shown: &str) -> bool {
    let groups = || ALIKE.iter().filter(|group| group.contains(&ending));
    let says_something = groups().next().is_some() || ALONE.contains(&ending);
    says_something && ending != shown && !groups().any(|group| group.contains(&shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    const JPEG: &[u8] = b"\xff\xd8\xff\xe0";
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
    const ZIP: &[u8] = b"PK\x03\x04";
    const OLE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
    const EXE: &[u8] = b"MZ\x90\x00\x03\x00";
    const PDF: &[u8] = b"%PDF-1.7";
    const HTML: &[u8] = b"<!DOCTYPE html>";

    #[test]
    fn a_name_that_the_bytes_contradict_gets_an_ending_that_they_do_not() {
        for (name, head, named) in [
            ("cat.png", PNG, "cat.png"),
            ("cat.PNG", PNG, "cat.PNG"),
            ("cat.jpg", PNG, "cat.jpg.png"),
            ("cat.jpeg", JPEG, "cat.jpeg"),
            ("cat.jpg", EXE, "cat.jpg.exe"),
            ("setup.scr", EXE, "setup.scr"),
            ("bill.pdf", EXE, "bill.pdf.exe"),
            ("bill.pdf", HTML, "bill.pdf.html"),
            ("notes.txt", HTML, "notes.txt"),
            ("letter.docx", ZIP, "letter.docx"),
            ("letter.doc", OLE, "letter.doc"),
            ("letter.docx", OLE, "letter.docx"),
            ("letter.docx", PDF, "letter.docx.pdf"),
            ("cat", PNG, "cat.png"),
            ("offer 1.2", PDF, "offer 1.2.pdf"),
            ("a.b.c", PDF, "a.b.c"),
            ("data.acme", EXE, "data.acme"),
            ("Makefile", b"all:", "Makefile"),
            ("cat.png", b"no picture", "cat.png"),
            ("notes.txt", b"MZ is a vowel of nobody", "notes.txt"),
            ("notes.txt", b"BMW", "notes.txt"),
        ] as [(&str, &[u8], &str); 21]
        {
            let known = super::super::known(head);
            let made_up = super::super::ending(None, known);
            assert_eq!(ended(name, known, made_up), named, "{name} of {head:?}");
        }
    }
}
