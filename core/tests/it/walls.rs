//! Keeps the walls between the rooms of the core.
//!
//! Every file under `src` is parsed, and every `use` tree, inline path and macro argument is resolved and held
//! against the table in [`table`].
//!
//! # Not here
//! Types that a room gets by inference alone: a value may pass through a room that cannot name it.

mod resolve;
mod sight;
mod source;
mod table;

use std::path::Path;

use self::source::SourceFile;

#[test]
fn every_room_of_the_core_keeps_its_walls() {
    let files = source::read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(!files.is_empty(), "no source file was found");
    let broken: Vec<String> = files.iter().flat_map(violations).collect();
    assert!(broken.is_empty(), "the walls are broken:\n{}", broken.join("\n"));
}

#[test]
fn every_room_that_the_table_names_has_a_row() {
    for room in table::ROOMS {
        for seen in room.sees {
            let name = seen.split("::").next().expect("split yields at least one part");
            assert!(
                table::row(name).is_some(),
                "{} sees {name}, which has no row",
                room.name
            );
        }
    }
}

/// What is wrong with one file, a line for each finding.
fn violations(file: &SourceFile) -> Vec<String> {
    if file.module.is_empty() {
        return misplaced_features(file);
    }
    let room = &file.module[0];
    let Some(row) = table::row(room) else {
        return vec![format!("{}: `{room}` is no room of the table", file.name)];
    };
    sight::all(file)
        .iter()
        .filter_map(|seen| Some(line(file, seen.line, &row.objects_to(&seen.what)?)))
        .collect()
}

/// The crate root may name every room; only its feature attributes are looked at.
fn misplaced_features(file: &SourceFile) -> Vec<String> {
    let misplaced = |seen: &&sight::Seen| matches!(seen.what, sight::Sight::MisplacedFeature);
    sight::all(file)
        .iter()
        .filter(misplaced)
        .map(|seen| line(file, seen.line, table::MISPLACED_FEATURE))
        .collect()
}

fn line(file: &SourceFile, line: usize, objection: &str) -> String {
    format!("{}:{line}: {objection}", file.name)
}

/// The checker is checked on small sources, each of which stands in a room and breaks one wall or none.
mod checker {
    use super::{source::SourceFile, violations};

    fn objections(module: &str, text: &str) -> String {
        let module = module
            .split("::")
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect();
        violations(&SourceFile::parse("example.rs", module, text)).join("\n")
    }

    #[track_caller]
    fn refuses(module: &str, text: &str, named: &str) {
        let found = objections(module, text);
        assert!(
            found.contains(named),
            "`{named}` was not objected to in {module}: {text}\nfound: {found:?}"
        );
    }

    #[track_caller]
    fn accepts(module: &str, text: &str) {
        assert_eq!(objections(module, text), "", "in {module}: {text}");
    }

    #[test]
    fn a_use_of_a_room_behind_a_wall_is_refused() {
        refuses("model", "use crate::store::Store;", "`crate::store::Store`");
        refuses(
            "store::sqlite",
            "pub use crate::dispatch::Lane as L;",
            "`crate::dispatch::Lane`",
        );
        accepts(
            "store::sqlite",
            "use crate::session::decide; use crate::delivery::Outcome;",
        );
    }

    #[test]
    fn every_branch_of_a_nested_use_tree_is_read() {
        let tree = "use crate::{model::{Id, Clock}, delivery::{self, retry::{Policy, *}}, intake::{accept}};";
        refuses(
            "dispatch::claim",
            "use crate::{model::Id, runtime::{health::{self}}};",
            "`crate::runtime::health`",
        );
        refuses("store", tree, "`crate::intake::accept`");
        accepts("dispatch", tree);
    }

    #[test]
    fn inline_paths_in_bodies_types_and_macros_are_read() {
        refuses("desk", "fn f() { crate::store::open(); }", "`crate::store::open`");
        refuses("desk", "fn f(it: &crate::intake::Intake) {}", "`crate::intake::Intake`");
        refuses("desk", "impl crate::channel::Turn {}", "`crate::channel::Turn`");
        refuses(
            "desk",
            "fn f() { log!(at = %crate::runtime::now(), [1, 2]); }",
            "`crate::runtime::now`",
        );
        refuses("desk", "#[derive(crate::store::Row)] struct S;", "`crate::store::Row`");
    }

    #[test]
    fn relative_paths_are_resolved_from_their_own_module() {
        refuses(
            "session::table",
            "use super::super::store::Store;",
            "`crate::store::Store`",
        );
        refuses("session", "fn f() { super::store::open() }", "`crate::store::open`");
        refuses("session", "mod rows { use super::super::intake; }", "`crate::intake`");
        refuses("session::table", "use super::super::*;", "`crate::*`");
        accepts(
            "session::table",
            "use super::super::model::Id; use super::state::State; use self::row::Row;",
        );
        accepts("session", "mod rows { use super::*; fn f() { super::g() } }");
    }

    #[test]
    fn a_path_through_an_import_or_a_rename_is_followed() {
        refuses(
            "hookpoint",
            "use crate::{store as s}; fn f() { s::memory::open() }",
            "`crate::store::memory::open`",
        );
        refuses(
            "session",
            "use std::time as t; fn f() { t::Instant::now() }",
            "`std::time::Instant::now`",
        );
        refuses(
            "session",
            "use jiff::Timestamp; fn f() { Timestamp::now() }",
            "`jiff::Timestamp::now`",
        );
        refuses("session", "use std as s; fn f(_: s::fs::File) {}", "`std::fs::File`");
    }

    #[test]
    fn a_re_export_of_the_crate_root_does_not_hide_its_room() {
        refuses("model", "use crate::Runtime;", "`crate::Runtime`");
    }

    #[test]
    fn part_of_a_room_can_be_open() {
        accepts("hookpoint::file", "use crate::store::blobs::Blobs;");
        refuses("hookpoint::file", "use crate::store::Store;", "`crate::store::Store`");
        refuses("hookpoint::file", "use crate::store::*;", "`crate::store::*`");
    }

    #[test]
    fn a_crate_stays_in_its_room() {
        refuses("hookpoint", "use reqwest::Client;", "`reqwest::Client`");
        refuses("runtime", "fn f() { ::axum::serve() }", "`axum::serve`");
        refuses("omnidesk", "extern crate sqlx;", "`sqlx`");
        accepts("omnidesk", "use reqwest::Client;");
        accepts("hookpoint::router", "fn f() -> axum::Router { axum::Router::new() }");
    }

    #[test]
    fn the_brain_has_no_async_no_input_and_no_clock() {
        refuses("session", "async fn f() {}", "async");
        refuses("session", "fn f() { let later = async { 1 }; }", "async");
        refuses("session", "fn f() { later!(async move { 1 }) }", "async");
        refuses("session", "use tokio::sync::Mutex;", "`tokio::sync::Mutex`");
        refuses("session", "#[derive(serde::Serialize)] struct S;", "`serde::Serialize`");
        refuses("session", "use std::{fs, collections::BTreeMap};", "`std::fs`");
        refuses(
            "session",
            "fn f() { std::net::TcpStream::connect(\"\") }",
            "`std::net::TcpStream::connect`",
        );
        refuses(
            "session",
            "use std::time::{Duration, SystemTime};",
            "`std::time::SystemTime`",
        );
        refuses("session", "use std::time::*;", "`std::time::*`");
        accepts(
            "session",
            "use std::time::Duration; fn f() -> jiff::Timestamp { panic!() }",
        );
    }

    #[test]
    fn a_feature_stands_on_a_mod_line_or_its_re_export_only() {
        let named = super::table::MISPLACED_FEATURE;
        refuses("store", "fn f() { #[cfg(feature = \"sqlite\")] g(); }", named);
        refuses("store", "#[cfg(all(unix, feature = \"sqlite\"))] fn f() {}", named);
        refuses("store", "fn f() -> bool { cfg!(feature = \"sqlite\") }", named);
        refuses(
            "store",
            "#[cfg_attr(feature = \"sqlite\", derive(Debug))] struct S;",
            named,
        );
        refuses("store", "#![cfg(feature = \"sqlite\")]", named);
        refuses("store", "#[cfg(feature = \"sqlite\")] pub use memory::Memory;", named);
        refuses("", "#[cfg(feature = \"sqlite\")] fn f() {}", named);
        accepts(
            "store",
            "#[cfg(feature = \"sqlite\")] pub mod sqlite; #[cfg(feature = \"sqlite\")] pub use self::sqlite::Sqlite;",
        );
        accepts(
            "",
            "pub mod store; #[cfg(feature = \"sqlite\")] pub use store::sqlite::Sqlite;",
        );
        accepts(
            "store",
            "#![cfg_attr(docsrs, doc(cfg(feature = \"sqlite\")))] #[cfg(unix)] fn f() {}",
        );
    }

    #[test]
    fn test_only_code_is_exempt() {
        accepts(
            "model",
            "#[cfg(test)] mod tests { use crate::store::Store; async fn f() {} }",
        );
        accepts("model", "#[cfg(all(test, unix))] use crate::store::Store;");
        refuses(
            "model",
            "#[cfg(not(test))] use crate::store::Store;",
            "`crate::store::Store`",
        );
    }

    #[test]
    fn a_folder_without_a_row_is_refused() {
        refuses("util", "fn f() {}", "`util` is no room");
    }

    #[test]
    fn a_finding_names_its_line() {
        refuses(
            "model",
            "struct A;\n\nuse crate::{\n    store::Store,\n};",
            "example.rs:4:",
        );
    }

    #[test]
    fn visibilities_and_own_names_are_no_imports() {
        accepts(
            "model",
            "pub(crate) struct A; pub(in crate::model) struct B; impl A { fn f() { B::g(); Self::h() } }",
        );
    }
}
