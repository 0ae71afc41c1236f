//! Cited headings of the document exist.

use std::fs;
use std::path::Path;

use super::document::{crate_dir, document};

/// Prefix of a cited heading.
const CITES: &str = "protocol.md#";

/// This file, which cites nothing.
const ITSELF: &str = "protocol/citations.rs";

/// Returns the anchor at the start of `text`.
fn anchor(text: &str) -> String {
    text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect()
}

/// Returns the anchors of the headings.
fn anchors(document: &str) -> Vec<String> {
    let headings = document
        .lines()
        .filter_map(|line| line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#')));
    headings.map(|heading| heading.to_lowercase().replace(' ', "-")).collect()
}

/// Calls `visit` with each Rust or Markdown file below `dir`, except built and hidden ones.
fn visit_sources(dir: &Path, visit: &mut impl FnMut(&Path, &str)) {
    for entry in fs::read_dir(dir).expect("a directory of the repository") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.') && name != "target" {
                visit_sources(&path, visit);
            }
        } else if path.extension().is_some_and(|ext| ext == "rs" || ext == "md") && !path.ends_with(ITSELF) {
            visit(&path, &fs::read_to_string(&path).expect("a text"));
        }
    }
}

#[test]
fn cited_headings_exist() {
    let document = document();
    let anchors = anchors(&document);
    let mut cited = 0;
    visit_sources(&crate_dir().join(".."), &mut |path, text| {
        for (at, _) in text.match_indices(CITES) {
            let anchor = anchor(&text[at + CITES.len()..]);
            assert!(anchors.contains(&anchor), "{} cites {anchor:?}", path.display());
            cited += 1;
        }
    });
    assert!(cited > 15, "{cited}");
    let (list, _) = document.split_once("\n## ").expect("there are headings");
    for (at, _) in document.match_indices("](#") {
        let anchor = anchor(&document[at + 3..]);
        assert!(anchors.contains(&anchor), "the document links {anchor:?}");
    }
    for anchor in anchors.iter().skip(1) {
        assert!(list.contains(&format!("](#{anchor})")), "{anchor:?} is not in the list of headings");
    }
}
