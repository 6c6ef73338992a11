//! Turns a path as it is written into the path that it means.

use std::collections::{HashMap, HashSet};

use syn::{Item, UseTree};

use super::sight::Sight;

/// A `use` tree, taken apart: one leaf for each name that it brings in.
pub(super) struct Leaf {
    pub(super) path: Vec<String>,
    pub(super) name: String,
    pub(super) line: usize,
}

/// What the names of one file stand for.
#[derive(Default)]
pub(super) struct Names {
    imports: HashMap<(Vec<String>, String), Sight>,
    modules: HashSet<(Vec<String>, String)>,
}

impl Names {
    /// Reads the imports and the child modules of a file.
    pub(super) fn of(module: &[String], items: &[Item]) -> Self {
        let mut names = Self::default();
        names.read(module, items);
        names
    }

    /// The meaning of a path of several segments; `None` for one that begins with a local type.
    pub(super) fn meaning(&self, module: &[String], path: &[String]) -> Option<Sight> {
        let first = path.first()?;
        match first.as_str() {
            "crate" => Some(Sight::Inside(path[1..].to_vec())),
            "self" | "super" => Some(Sight::Inside(climb(module, path))),
            _ if self.modules.contains(&(module.to_vec(), first.clone())) => {
                Some(Sight::Inside([module, path].concat()))
            }
            _ => self.through_import(module, path),
        }
    }

    /// The meaning of a path of a `use` item, whose first segment is a crate when it is nothing else.
    pub(super) fn meaning_of_use(&self, module: &[String], path: &[String]) -> Sight {
        self.meaning(module, path)
            .unwrap_or_else(|| Sight::Outside(path.to_vec()))
    }

    fn through_import(&self, module: &[String], path: &[String]) -> Option<Sight> {
        let rest = &path[1..];
        match self.imports.get(&(module.to_vec(), path[0].clone())) {
            Some(Sight::Inside(head)) => Some(Sight::Inside([head, rest].concat())),
            Some(Sight::Outside(head)) => Some(Sight::Outside([head, rest].concat())),
            Some(Sight::Async | Sight::MisplacedFeature) => None,
            None if rest.is_empty() => None,
            None => Some(Sight::Outside(path.to_vec())),
        }
    }

    fn read(&mut self, module: &[String], items: &[Item]) {
        for item in items {
            if let Item::Mod(child) = item {
                self.modules.insert((module.to_vec(), child.ident.to_string()));
                let inner = [module, &[child.ident.to_string()]].concat();
                self.read(&inner, child.content.as_ref().map_or(&[], |(_, items)| items));
            }
        }
        for item in items {
            if let Item::Use(item) = item {
                self.import(module, &leaves(&item.tree), item.leading_colon.is_some());
            }
        }
    }

    fn import(&mut self, module: &[String], leaves: &[Leaf], absolute: bool) {
        for leaf in leaves {
            let meaning = if absolute {
                Sight::Outside(leaf.path.clone())
            } else {
                self.meaning_of_use(module, &leaf.path)
            };
            self.imports.insert((module.to_vec(), leaf.name.clone()), meaning);
        }
    }
}

/// The leaves of a `use` tree.
pub(super) fn leaves(tree: &UseTree) -> Vec<Leaf> {
    let mut found = Vec::new();
    descend(tree, &mut Vec::new(), &mut found);
    found
}

fn descend(tree: &UseTree, path: &mut Vec<String>, found: &mut Vec<Leaf>) {
    match tree {
        UseTree::Path(step) => {
            path.push(step.ident.to_string());
            descend(&step.tree, path, found);
            path.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| descend(tree, path, found)),
        UseTree::Name(leaf) => found.push(leaf_at(path, &leaf.ident, &leaf.ident)),
        UseTree::Rename(leaf) => found.push(leaf_at(path, &leaf.ident, &leaf.rename)),
        UseTree::Glob(glob) => {
            let line = glob.star_token.spans[0].start().line;
            found.push(Leaf {
                path: [path.as_slice(), &["*".to_owned()]].concat(),
                name: "*".to_owned(),
                line,
            });
        }
    }
}

fn leaf_at(path: &[String], last: &syn::Ident, name: &syn::Ident) -> Leaf {
    let line = last.span().start().line;
    if last == "self" && !path.is_empty() {
        let name = if name == "self" {
            path[path.len() - 1].clone()
        } else {
            name.to_string()
        };
        return Leaf {
            path: path.to_vec(),
            name,
            line,
        };
    }
    Leaf {
        path: [path, &[last.to_string()]].concat(),
        name: name.to_string(),
        line,
    }
}

/// Follows `self` and `super` from `module`.
fn climb(module: &[String], path: &[String]) -> Vec<String> {
    let mut at = module.to_vec();
    for part in path {
        match part.as_str() {
            "self" => {}
            "super" => drop(at.pop()),
            name => at.push(name.to_owned()),
        }
    }
    at
}
