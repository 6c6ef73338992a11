/// A formatting that is written as a sign on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Spoiler,
    Strike,
    Underline,
    Bold,
    Italic,
}

/// Which marks stand over some words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks(u8);

impl Mark {
    /// All of them, the outer ones first where nothing else tells.
    pub(super) const ALL: [Self; 5] = [Self::Spoiler, Self::Strike, Self::Underline, Self::Bold, Self::Italic];

    /// Its sign. Italic has a second one.
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::Spoiler => "||",
            Self::Strike => "~~",
            Self::Underline => "__",
            Self::Bold => "**",
            Self::Italic => "*",
        }
    }

    /// What its sign is made of.
    pub(super) const fn letter(self) -> char {
        match self {
            Self::Spoiler => '|',
            Self::Strike => '~',
            Self::Underline => '_',
            Self::Bold | Self::Italic => '*',
        }
    }

    /// Whether Discord ends it at its sign even behind a backslash.
    pub(super) const fn knows_no_escape(self) -> bool {
        matches!(self, Self::Spoiler | Self::Strike)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl Marks {
    pub(super) const fn has(self, mark: Mark) -> bool {
        self.0 & mark.bit() != 0
    }

    pub(super) const fn with(self, mark: Mark) -> Self {
        Self(self.0 | mark.bit())
    }

    pub(super) const fn without(self, mark: Mark) -> Self {
        Self(self.0 & !mark.bit())
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) const fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }
}
