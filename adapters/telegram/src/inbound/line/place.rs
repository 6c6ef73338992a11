use teloxide::types::{Location, Venue};

pub(super) fn location(location: &Location) -> String {
    let word = if location.live_period.is_some() {
        "live location"
    } else {
        "location"
    };
    format!("[{word}: {}]", place(location))
}

pub(super) fn venue(venue: &Venue) -> String {
    format!(
        "[place: {}, {}, {}]",
        venue.title,
        venue.address,
        place(&venue.location)
    )
}

fn place(location: &Location) -> String {
    let Location {
        latitude, longitude, ..
    } = location;
    format!("{latitude}, {longitude} https://maps.google.com/?q={latitude},{longitude}")
}
