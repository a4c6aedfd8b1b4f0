//! The files of a torrent as a tree of folders.

use std::collections::HashMap;

use crate::files::{Files, heads};

/// Folders and files, each folder followed by what is in it, in the order of the torrent.
#[derive(Clone, Debug)]
pub struct Tree {
    pub nodes: Vec<Node>,
}

/// A folder or a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its own name.
    pub name: String,
    /// The path in small letters, for the filter; of files alone.
    pub small: String,
    /// How many folders it is in.
    pub depth: usize,
    /// The folder that it is in.
    pub above: Option<usize>,
    /// One past the last node that is in it; for a file, past itself.
    pub end: usize,
    /// Which of the listed files it is; `None` for a folder.
    pub file: Option<usize>,
    /// Bytes.
    pub size: u64,
}

/// A folder while the tree is put together: what is in it, in order.
#[derive(Default)]
struct Open {
    inside: Vec<Item>,
}

enum Item {
    Folder(String, usize),
    File(usize),
}

impl Tree {
    /// The tree below the torrent's own folder.
    pub fn new(files: &Files) -> Tree {
        let mut folders = vec![Open::default()];
        let mut known: HashMap<&str, usize> = HashMap::new();
        for (place, file) in files.listed().iter().enumerate() {
            let path = files.inner(&file.path);
            let mut here = 0;
            for head in heads(path).filter(|head| head.len() < path.len()) {
                here = match known.get(head) {
                    Some(&folder) => folder,
                    None => {
                        let new = folders.len();
                        let name = head[Files::last_name(head)].to_owned();
                        folders[here].inside.push(Item::Folder(name, new));
                        folders.push(Open::default());
                        known.insert(head, new);
                        new
                    }
                };
            }
            folders[here].inside.push(Item::File(place));
        }
        let mut tree = Tree { nodes: Vec::new() };
        tree.lay(files, folders);
        tree
    }

    /// Lays the folders out one after the other. A path may be deep, so it does not recurse.
    fn lay(&mut self, files: &Files, mut folders: Vec<Open>) {
        // A folder that is being laid out, and its node.
        let mut open = vec![(std::mem::take(&mut folders[0]).inside.into_iter(), None)];
        while let Some((inside, above)) = open.last_mut() {
            let above = *above;
            let Some(item) = inside.next() else {
                if let Some(folder) = above {
                    self.shut(folder);
                }
                open.pop();
                continue;
            };
            let index = self.nodes.len();
            let mut node = Node {
                name: String::new(),
                small: String::new(),
                depth: open.len() - 1,
                above,
                end: index + 1,
                file: None,
                size: 0,
            };
            match item {
                Item::File(place) => {
                    let file = &files.listed()[place];
                    let path = files.inner(&file.path);
                    node.name = path[Files::last_name(path)].to_owned();
                    node.small = path.to_lowercase();
                    node.file = Some(place);
                    node.size = file.length;
                }
                Item::Folder(name, folder) => {
                    node.name = name;
                    let inside = std::mem::take(&mut folders[folder]).inside;
                    open.push((inside.into_iter(), Some(index)));
                }
            }
            self.nodes.push(node);
        }
    }

    /// Everything in a folder is laid out.
    fn shut(&mut self, folder: usize) {
        let end = self.nodes.len();
        let inside = self.nodes[folder + 1..end].iter();
        self.nodes[folder].size = inside
            .filter(|node| node.above == Some(folder))
            .map(|node| node.size)
            .sum();
        self.nodes[folder].end = end;
    }
}
