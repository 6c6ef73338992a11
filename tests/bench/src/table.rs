//! A table that reads in a terminal and is Markdown.

/// Draws a table. The first column is aligned to the left, the others to the right.
pub(crate) fn draw(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([head[column].chars().count()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let rule = |(column, width): (usize, &usize)| match column {
        0 => "-".repeat(*width),
        _ => format!("{}:", "-".repeat(width - 1)),
    };
    let head = line(&widths, head.iter().map(|cell| (*cell).to_owned()));
    let rule = line(&widths, widths.iter().enumerate().map(rule));
    let rows = rows.iter().map(|row| line(&widths, row.iter().cloned()));
    [head, rule].into_iter().chain(rows).collect()
}

/// A number with its thousands apart, as in `12,650`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn line(widths: &[usize], cells: impl Iterator<Item = String>) -> String {
    let cell = |((column, width), cell): ((usize, &usize), String)| match column {
        0 => format!("{cell:<width$}"),
        _ => format!("{cell:>width$}"),
    };
    let cells: Vec<String> = widths.iter().enumerate().zip(cells).map(cell).collect();
    format!("| {} |\n", cells.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_aligned_markdown() {
        let rows = [vec!["bare axum".to_owned(), "100".to_owned()]];
        assert_eq!(
            draw(&["side", "a second"], &rows),
            "| side      | a second |\n| --------- | -------: |\n| bare axum |      100 |\n"
        );
    }

    #[test]
    fn thousands_stand_apart() {
        for (number, grouped) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(number), grouped);
        }
    }
}
