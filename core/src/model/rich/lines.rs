/// Lines that are written, each with `> ` before it for each quote that it is in.
#[derive(Default)]
pub(super) struct Lines {
    text: String,
    quotes: usize,
    /// Whether the line at the end has its `> `.
    is_begun: bool,
    /// What stands between the line at the end and what comes next.
    owed: Option<Gap>,
    /// In how many quotes that stands.
    owed_in: usize,
}

/// What keeps words apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gap {
    /// The end of a line.
    Line,
    /// An empty line.
    Paragraph,
}

impl Lines {
    pub(super) fn say(&mut self, words: &str) {
        let words = match self.owed {
            // The line that words end themselves is the one that is owed.
            Some(_) if !self.text.is_empty() => words.strip_prefix('\n').unwrap_or(words),
            _ => words,
        };
        if words.is_empty() {
            return;
        }
        if let Some(gap) = self.owed.take().filter(|_| !self.text.is_empty()) {
            self.end_begun_line();
            if gap == Gap::Paragraph && !words.starts_with('\n') {
                self.text
                    .push_str("> ".repeat(self.owed_in.min(self.quotes)).trim_end());
                self.end_line();
            }
        }
        for line in words.split_inclusive('\n') {
            self.begin();
            match line.strip_suffix('\n') {
                Some(line) => {
                    self.text.push_str(line);
                    self.end_line();
                }
                None => self.text.push_str(line),
            }
        }
    }

    /// From here on lines are quoted.
    pub(super) fn quote(&mut self) {
        self.own_line();
        self.quotes += 1;
    }

    /// And up to here, with this behind it.
    pub(super) fn unquote(&mut self, gap: Gap) {
        self.owed = self.owed.max(Some(gap));
        self.quotes -= 1;
        self.owed_in = self.quotes;
    }

    /// What comes next stands on a line of its own.
    pub(super) fn own_line(&mut self) {
        self.owed = self.owed.max(Some(Gap::Line));
    }

    /// Whether nothing stands in the line yet that is written next.
    pub(super) const fn is_at_start(&self) -> bool {
        !self.is_begun || self.owed.is_some()
    }

    /// What was written last.
    pub(super) fn last(&self) -> Option<char> {
        self.text.chars().next_back()
    }

    /// Takes back what was written last.
    pub(super) fn take_last(&mut self) {
        self.text.pop();
    }

    pub(super) fn done(self) -> String {
        self.text
    }

    fn begin(&mut self) {
        if !self.is_begun {
            self.text.push_str(&"> ".repeat(self.quotes));
            self.is_begun = true;
        }
    }

    fn end_begun_line(&mut self) {
        if self.is_begun {
            self.end_line();
        }
    }

    fn end_line(&mut self) {
        self.text.push('\n');
        self.is_begun = false;
    }
}
