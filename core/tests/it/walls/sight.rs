//! Finds everything in a file that a wall could object to.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::{
    Attribute, Item, ItemMod, ItemUse, Macro, Meta, Visibility,
    visit::{self, Visit},
};

use super::{
    resolve::{self, Names},
    source::SourceFile,
};

/// One thing that a room names or does.
#[derive(Clone, Debug)]
pub(super) enum Sight {
    /// A path inside the crate, from its root.
    Inside(Vec<String>),
    /// A path that begins with the name of another crate.
    Outside(Vec<String>),
    /// An `async` function, closure or block, or an `.await`.
    Async,
    /// A `cfg(feature)` elsewhere than on a `mod` line or its re-export.
    MisplacedFeature,
}

/// A sight and the line that it stands in.
pub(super) struct Seen {
    pub(super) what: Sight,
    pub(super) line: usize,
}

/// All sights of a file, without its test-only code.
pub(super) fn all(file: &SourceFile) -> Vec<Seen> {
    let names = Names::of(&file.module, &file.syntax.items);
    let mut watcher = Watcher {
        names: &names,
        module: file.module.clone(),
        gated: gated(&file.syntax.items),
        seen: Vec::new(),
    };
    watcher.visit_file(&file.syntax);
    watcher.seen
}

/// Whether these attributes leave their item to test builds alone.
pub(super) fn test_only(attributes: &[Attribute]) -> bool {
    attributes
        .iter()
        .filter_map(cfg_predicate)
        .any(|predicate| demands_test(&predicate))
}

struct Watcher<'a> {
    names: &'a Names,
    /// The module of the item that is being visited.
    module: Vec<String>,
    /// The modules declared here under a `cfg(feature)`; their re-exports may carry one too.
    gated: Vec<String>,
    seen: Vec<Seen>,
}

impl<'ast> Visit<'ast> for Watcher<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !test_only(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        let Some((_, items)) = &item.content else {
            return;
        };
        self.module.push(item.ident.to_string());
        let outer = std::mem::replace(&mut self.gated, gated(items));
        for item in items {
            self.visit_item(item);
        }
        self.gated = outer;
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let leaves = resolve::leaves(&item.tree);
        if !self.may_carry_feature(item, &leaves) {
            item.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        }
        for leaf in leaves {
            let outside = item.leading_colon.is_some();
            let what = if outside {
                Sight::Outside(leaf.path)
            } else {
                self.names.meaning_of_use(&self.module, &leaf.path)
            };
            self.seen.push(Seen { what, line: leaf.line });
        }
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        self.note(Sight::Outside(vec![item.ident.to_string()]), item.ident.span());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if path.leading_colon.is_some() {
            self.note(Sight::Outside(parts), path.segments[0].ident.span());
        } else {
            self.note_path(&parts, path.segments[0].ident.span().start().line);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.visit_path(&call.path);
        if call.path.is_ident("cfg") && names_feature(&call.tokens) {
            self.note(Sight::MisplacedFeature, call.path.segments[0].ident.span());
        }
        self.read_tokens(call.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if cfg_predicate(attribute).is_some_and(|predicate| names_feature(&predicate)) {
            self.note(Sight::MisplacedFeature, attribute.pound_token.span);
        }
        if let Meta::List(list) = &attribute.meta {
            self.read_tokens(list.tokens.clone());
        }
        self.visit_path(attribute.path());
    }

    /// A visibility names a module without importing from it.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        if let Some(token) = &signature.asyncness {
            self.note(Sight::Async, token.span);
        }
        visit::visit_signature(self, signature);
    }

    fn visit_expr_async(&mut self, block: &'ast syn::ExprAsync) {
        self.note(Sight::Async, block.async_token.span);
        visit::visit_expr_async(self, block);
    }

    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        if let Some(token) = &closure.asyncness {
            self.note(Sight::Async, token.span);
        }
        visit::visit_expr_closure(self, closure);
    }

    fn visit_expr_await(&mut self, wait: &'ast syn::ExprAwait) {
        self.note(Sight::Async, wait.await_token.span);
        visit::visit_expr_await(self, wait);
    }
}

impl Watcher<'_> {
    fn note(&mut self, what: Sight, at: Span) {
        self.seen.push(Seen {
            what,
            line: at.start().line,
        });
    }

    fn note_path(&mut self, parts: &[String], line: usize) {
        if let Some(what) = self.names.meaning(&self.module, parts).filter(|_| parts.len() > 1) {
            self.seen.push(Seen { what, line });
        }
    }

    /// The crate root may gate any re-export, another module only what it re-exports of a child that it gates.
    fn may_carry_feature(&self, item: &ItemUse, leaves: &[resolve::Leaf]) -> bool {
        let through_gated = |leaf: &resolve::Leaf| {
            leaf.path
                .iter()
                .find(|part| *part != "self")
                .is_some_and(|head| self.gated.contains(head))
        };
        matches!(item.vis, Visibility::Public(_)) && (self.module.is_empty() || leaves.iter().all(through_gated))
    }

    /// Reads what the parser leaves unparsed: `a::b` paths and `async` in the arguments of macros and attributes.
    fn read_tokens(&mut self, tokens: TokenStream) {
        let (mut parts, mut colons, mut line) = (Vec::<String>::new(), 0, 0);
        for token in tokens {
            match token {
                TokenTree::Ident(ident) if colons == 2 => {
                    parts.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Ident(ident) => {
                    self.note_path(&std::mem::take(&mut parts), line);
                    line = ident.span().start().line;
                    colons = 0;
                    if ident == "async" || ident == "await" {
                        self.note(Sight::Async, ident.span());
                    }
                    parts.push(ident.to_string());
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' && !parts.is_empty() => colons += 1,
                TokenTree::Group(group) => {
                    self.note_path(&std::mem::take(&mut parts), line);
                    self.read_tokens(group.stream());
                    colons = 0;
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {
                    self.note_path(&std::mem::take(&mut parts), line);
                    colons = 0;
                }
            }
        }
        self.note_path(&parts, line);
    }
}

/// The names of the modules that are declared under a `cfg(feature)`.
fn gated(items: &[Item]) -> Vec<String> {
    let on_feature =
        |attribute: &Attribute| cfg_predicate(attribute).is_some_and(|predicate| names_feature(&predicate));
    let name = |item: &Item| match item {
        Item::Mod(child) if child.attrs.iter().any(on_feature) => Some(child.ident.to_string()),
        _ => None,
    };
    items.iter().filter_map(name).collect()
}

/// The predicate of a `cfg` or `cfg_attr` attribute.
fn cfg_predicate(attribute: &Attribute) -> Option<TokenStream> {
    let Meta::List(list) = &attribute.meta else {
        return None;
    };
    if list.path.is_ident("cfg") {
        return Some(list.tokens.clone());
    }
    let not_comma = |token: &TokenTree| !matches!(token, TokenTree::Punct(mark) if mark.as_char() == ',');
    list.path
        .is_ident("cfg_attr")
        .then(|| list.tokens.clone().into_iter().take_while(not_comma).collect())
}

fn names_feature(predicate: &TokenStream) -> bool {
    predicate.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "feature",
        TokenTree::Group(group) => names_feature(&group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// `test`, or an `all(…)` with `test` among its parts.
fn demands_test(predicate: &TokenStream) -> bool {
    let tokens: Vec<TokenTree> = predicate.clone().into_iter().collect();
    match tokens.as_slice() {
        [TokenTree::Ident(ident)] => ident == "test",
        [TokenTree::Ident(ident), TokenTree::Group(parts)] if ident == "all" => {
            let names_test = |token| matches!(token, TokenTree::Ident(ident) if ident == "test");
            parts.stream().into_iter().any(names_test)
        }
        _ => false,
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
