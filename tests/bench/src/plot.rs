//! A plot of bars as SVG, readable on a light and on a dark page.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::{Context, Result};

const WIDTH: f64 = 760.0;
const LABEL: f64 = 250.0;
const VALUE: f64 = 90.0;
const BAR: f64 = 16.0;
const GAP: f64 = 6.0;
const HEAD: f64 = 30.0;
const TITLE: f64 = 34.0;

const STYLE: &str = "\
text{font:13px system-ui,sans-serif;fill:#1f2328}.title{font-size:15px;font-weight:600}.head{font-weight:600}\
.value{font-variant-numeric:tabular-nums}.bar0{fill:#0969da}.bar1{fill:#bc4c00}.bar2{fill:#1a7f37}.bar3{fill:#8250df}\
.axis{stroke:#8c959f;stroke-width:1}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.bar0{fill:#4493f8}.bar1{fill:#f0883e}.bar2{fill:#3fb950}\
.bar3{fill:#ab7df8}.axis{stroke:#6e7681}}";

/// Bars in groups, all to one scale.
pub(crate) struct Plot {
    pub(crate) title: String,
    pub(crate) scale: Scale,
    pub(crate) groups: Vec<Group>,
}

/// How long a bar is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// In proportion to its value.
    Linear,
    /// By how many times its value is the smallest one: for values that lie far apart.
    Logarithmic,
}

/// Bars under one heading.
pub(crate) struct Group {
    pub(crate) head: String,
    pub(crate) bars: Vec<Bar>,
}

/// One value.
pub(crate) struct Bar {
    pub(crate) label: String,
    pub(crate) value: f64,
    /// The value as it is written.
    pub(crate) shown: String,
    /// Bars of one colour belong together.
    pub(crate) colour: usize,
}

impl Plot {
    /// Writes the plot to a file, and makes its folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn save(&self, file: &Path) -> Result<()> {
        let folder = file.parent().context("a file lies in a folder")?;
        fs::create_dir_all(folder).context("the folder of the plot")?;
        fs::write(file, self.svg()).with_context(|| format!("the plot {}", file.display()))
    }

    fn svg(&self) -> String {
        let rows: usize = self.groups.iter().map(|group| group.bars.len()).sum();
        let groups = self.groups.len();
        #[allow(clippy::cast_precision_loss, reason = "a plot has few bars")]
        let height = TITLE + groups as f64 * HEAD + rows as f64 * (BAR + GAP) + 12.0;
        let mut drawn = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" \
             aria-label=\"{title}\"><style>{STYLE}</style><text class=\"title\" x=\"0\" y=\"18\">{title}</text>\n",
            title = escaped(&self.title)
        );
        let mut y = TITLE;
        for group in &self.groups {
            y += HEAD;
            let head = escaped(&group.head);
            writeln!(drawn, "<text class=\"head\" x=\"0\" y=\"{:.0}\">{head}</text>", y - 8.0).expect("a String grows");
            for bar in &group.bars {
                self.bar(&mut drawn, bar, y);
                y += BAR + GAP;
            }
        }
        writeln!(
            drawn,
            "<line class=\"axis\" x1=\"{LABEL}\" x2=\"{LABEL}\" y1=\"{TITLE}\" y2=\"{y:.0}\"/>\n</svg>"
        )
        .expect("a String grows");
        drawn
    }

    fn bar(&self, drawn: &mut String, bar: &Bar, y: f64) {
        let length = self.share(bar.value) * (WIDTH - LABEL - VALUE);
        let (text, middle) = (y + BAR - 4.0, LABEL + length + 6.0);
        writeln!(
            drawn,
            "<text x=\"{x:.0}\" y=\"{text:.0}\" text-anchor=\"end\">{label}</text>\
             <rect class=\"bar{colour}\" x=\"{LABEL}\" y=\"{y:.0}\" width=\"{length:.1}\" height=\"{BAR}\" rx=\"2\"/>\
             <text class=\"value\" x=\"{middle:.1}\" y=\"{text:.0}\">{shown}</text>",
            x = LABEL - 8.0,
            label = escaped(&bar.label),
            colour = bar.colour % 4,
            shown = escaped(&bar.shown),
        )
        .expect("a String grows");
    }

    /// How much of the room a value takes, from 0 to 1.
    fn share(&self, value: f64) -> f64 {
        let values = || self.groups.iter().flat_map(|group| &group.bars).map(|bar| bar.value);
        let max = values().fold(0.0, f64::max);
        if max <= 0.0 || value <= 0.0 {
            return 0.0;
        }
        match self.scale {
            Scale::Linear => value / max,
            Scale::Logarithmic => {
                let min = values().filter(|value| *value > 0.0).fold(max, f64::min) / 2.0;
                (value / min).ln() / (max / min).ln()
            }
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(scale: Scale, values: &[f64]) -> Plot {
        let bars = values.iter().map(|value| Bar {
            label: "a < b".to_owned(),
            value: *value,
            shown: value.to_string(),
            colour: 0,
        });
        Plot {
            title: "t".to_owned(),
            scale,
            groups: vec![Group {
                head: "h".to_owned(),
                bars: bars.collect(),
            }],
        }
    }

    #[test]
    fn bars_are_as_long_as_their_values() {
        let linear = plot(Scale::Linear, &[1.0, 4.0, 0.0]);
        assert!((linear.share(1.0) - 0.25).abs() < 1e-9 && linear.share(0.0) == 0.0);
        let far = plot(Scale::Logarithmic, &[1.0, 10.0, 100.0]);
        assert!(far.share(1.0) > 0.0 && far.share(10.0) > 2.0 * far.share(1.0));
        assert!((far.share(100.0) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn texts_are_escaped() {
        let drawn = plot(Scale::Linear, &[1.0]).svg();
        assert!(drawn.contains("a &lt; b") && drawn.ends_with("</svg>\n"), "{drawn}");
    }
}
