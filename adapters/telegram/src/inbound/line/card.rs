use teloxide::types::{Contact, SharedUser};

/// How many e-mail addresses of a card are told.
const EMAILS_MAX: usize = 3;

/// Without brackets: the number stands free, so that it is found as a way to reach the customer.
pub(super) fn contact(contact: &Contact) -> String {
    let name = name(Some(&contact.first_name), contact.last_name.as_ref());
    let emails = contact.vcard.as_deref().map(emails).unwrap_or_default();
    let all: Vec<_> = [name, contact.phone_number.clone()].into_iter().chain(emails).collect();
    format!("Contact: {}", all.join(", "))
}

/// A user whom the customer picked.
pub(super) fn user(user: &SharedUser) -> String {
    let name = name(user.first_name.as_ref(), user.last_name.as_ref());
    match &user.username {
        Some(username) if name.is_empty() => format!("@{username}"),
        Some(username) => format!("{name} (@{username})"),
        None if name.is_empty() => format!("user {}", user.user_id),
        None => name,
    }
}

fn name(first: Option<&String>, last: Option<&String>) -> String {
    let names: Vec<_> = first.into_iter().chain(last).map(String::as_str).collect();
    names.join(" ").trim().to_owned()
}

/// The e-mail addresses of a card in the form of RFC 6350, where a property may stand in a group and have parameters:
/// `item1.EMAIL;TYPE=work:ada@example.org`.
fn emails(vcard: &str) -> Vec<String> {
    let properties = vcard.lines().filter_map(|line| line.split_once(':'));
    let emails = properties.filter(|(property, _)| {
        let name = property.split(';').next().unwrap_or_default();
        let name = name.rsplit('.').next().unwrap_or_default();
        name.eq_ignore_ascii_case("EMAIL")
    });
    let addresses = emails.map(|(_, address)| address.trim().to_owned());
    addresses
        .filter(|address| address.contains('@'))
        .take(EMAILS_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_a_card_are_found() {
        for (vcard, found) in [
            ("BEGIN:VCARD\r\nEMAIL:a@example.org\r\nEND:VCARD", vec!["a@example.org"]),
            (
                "email;type=work:a@example.org\nitem1.EMAIL;TYPE=INTERNET: b@example.org ",
                vec!["a@example.org", "b@example.org"],
            ),
            ("NOTE:EMAIL:a@example.org\nEMAIL:none\nEMAIL", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(emails(vcard), found, "{vcard}");
        }
        assert_eq!(emails(&"EMAIL:a@example.org\n".repeat(9)).len(), EMAILS_MAX);
    }
}
