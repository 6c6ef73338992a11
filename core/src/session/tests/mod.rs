//! The brain, held to its table, to its promises one by one, and to its invariants under chance.

mod again;
mod album;
mod content;
mod courtesy;
mod dead_letters;
mod ends;
mod history;
mod late;
mod leaving;
mod marks;
mod places;
mod random;
mod scene;
mod table;
mod timers;
mod words;
