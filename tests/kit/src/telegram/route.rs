//! What an address asks for.

/// The two kinds of address that the server knows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/bot<token>/<method>`
    Method { token: String, method: String },
    /// `/file/bot<token>/<file path>`
    File { token: String, path: String },
}

/// Reads the path of a request; every part may be percent-encoded, the slashes of a file's path
/// among them.
pub(crate) fn route(path: &str) -> Option<Route> {
    if let Some(rest) = path.strip_prefix("/file/bot") {
        let (token, path) = rest.split_once('/')?;
        return Some(Route::File {
            token: decode(token)?,
            path: decode(path)?,
        });
    }
    let (token, method) = path.strip_prefix("/bot")?.split_once('/')?;
    Some(Route::Method {
        token: decode(token)?,
        method: decode(method)?,
    })
}

fn decode(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first != b'%' {
            bytes.push(first);
            rest = tail;
            continue;
        }
        let (digits, tail) = tail.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = tail;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_may_be_percent_encoded() {
        let wanted = Route::Method {
            token: "1:a".to_owned(),
            method: "GetMe".to_owned(),
        };
        assert_eq!(route("/bot1%3Aa/GetMe"), Some(wanted));
        let wanted = Route::File {
            token: "1:a".to_owned(),
            path: "photos/file_1.jpg".to_owned(),
        };
        assert_eq!(route("/file/bot1:a/photos%2Ffile_1.jpg"), Some(wanted));
    }

    #[test]
    fn other_paths_lead_nowhere() {
        for path in ["/", "/bot1:a", "/file/1:a/x", "/bot%zz/getMe", "/bot%/x"] {
            assert_eq!(route(path), None, "{path}");
        }
    }
}
