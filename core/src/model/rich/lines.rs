/// Lines that are written, each with `> ` before it for each quote that it is in.
#[derive(Default)]
pub(super) struct Lines {
    text: String,
    quotes: usize,
    /// Whether the line at the end has its `> `.
    is_begun: bool,
    /// Whether what comes next stands on a line of its own.
    owes_line: bool,
}

impl Lines {
    pub(super) fn say(&mut self, words: &str) {
        let owed = std::mem::take(&mut self.owes_line)
            && !words.starts_with('\n')
            && !self.text.is_empty()
            && !self.text.ends_with('\n');
        if owed {
            self.end_line();
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

    /// And up to here.
    pub(super) fn unquote(&mut self) {
        self.own_line();
        self.quotes -= 1;
    }

    /// What comes next stands on a line of its own.
    pub(super) const fn own_line(&mut self) {
        self.owes_line = true;
    }

    /// Whether nothing stands in the line yet that is written next.
    pub(super) fn is_at_start(&self) -> bool {
        !self.is_begun || self.owes_line
    }

    /// What was written since, without the marks of quotes, is for the caller to know.
    pub(super) const fn len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn since(&self, from: usize) -> &str {
        &self.text[from..]
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

    fn end_line(&mut self) {
        self.text.push('\n');
        self.is_begun = false;
    }
}
