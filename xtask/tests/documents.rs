//! Tests that links in documents lead to existing files and headings, and that the paths of code in them
//! exist.

mod common;

use std::fs;
use std::path::{Component, Path, PathBuf};

use common::{root, whole};

/// Calls `visit` with the path and the text of each Markdown file below `dir`, without hidden directories and
/// build output.
fn visit_documents(dir: &Path, visit: &mut impl FnMut(&Path, &str)) {
    for entry in fs::read_dir(dir).expect("a directory of the repository") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.') && name != "target" {
                visit_documents(&path, visit);
            }
        } else if has_ending(&path, "md") {
            visit(&path, &fs::read_to_string(&path).expect("a text"));
        }
    }
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|found| found == ending)
}

/// Returns the text without its listings.
fn prose(text: &str) -> String {
    let mut listing = false;
    let mut kept = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            listing = !listing;
        } else if !listing {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// Returns the anchors of the headings, in the form in which links name them.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let kept = heading.trim_start_matches('#').trim().to_lowercase();
        kept.chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn links_lead_to_files_and_headings() {
    let mut links = 0;
    visit_documents(&root(), &mut |path, text| {
        let text = prose(text);
        for (at, _) in text.match_indices("](") {
            let link = text[at + 2..].split(')').next().unwrap_or_default();
            if link.contains("://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.to_owned() } else { path.with_file_name("").join(file) };
            assert!(target.exists(), "{} links {link}", path.display());
            if !anchor.is_empty() {
                let anchors = anchors(&prose(&fs::read_to_string(&target).expect("a text")));
                assert!(anchors.iter().any(|known| known == anchor), "{} links {link}", path.display());
            }
            links += 1;
        }
    });
    assert!(links > 100, "{links}");
}

#[test]
fn paths_of_the_code_that_documents_name_exist() {
    for document in [
        "docs/architecture.md",
        "docs/sessions.md",
        "docs/testing.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "benches/BOUNDS.md",
    ] {
        let text = prose(&fs::read_to_string(root().join(document)).expect("a document"));
        let mut paths = 0;
        for line in text.lines() {
            // Directory of the path named before, in which a file named without a directory is.
            let mut beside: Option<PathBuf> = None;
            for name in line.split('`').skip(1).step_by(2) {
                let is_path = name.contains('/') || has_ending(Path::new(name), "rs");
                if !is_path || name.contains([' ', '*', '…', ':']) {
                    continue;
                }
                let path = PathBuf::from(whole(name));
                let first = path.components().next().map(Component::as_os_str).unwrap_or_default();
                let path = match &beside {
                    Some(dir) if path.components().count() == 1 => dir.join(path),
                    _ if path.components().count() > 1 && root().join(first).is_dir() => path,
                    _ => continue,
                };
                assert!(root().join(&path).exists(), "{document} names {name}");
                beside =
                    if path.extension().is_some() { path.parent().map(Path::to_owned) } else { Some(path) };
                paths += 1;
            }
        }
        assert!(paths > 0, "{document}");
    }
}

/// Places that `docs/architecture.md` has to lead to, as its table names them.
const PLACES: [&str; 5] =
    ["`framed` message, parsed", "session, fenced", "SIGTERM", "`--listen`, read", "`bets.csv`, cut"];

/// Returns the texts in backticks.
fn code(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// Appends the text of a file, or of all files of Rust below a directory.
fn append_sources(path: &Path, text: &mut String) {
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("a directory of the repository") {
            append_sources(&entry.expect("an entry").path(), text);
        }
    } else if has_ending(path, "rs") {
        text.push_str(&fs::read_to_string(path).expect("a text"));
    }
}

#[test]
fn each_place_that_architecture_names_is_in_its_files() {
    let text = fs::read_to_string(root().join("docs/architecture.md")).expect("a document");
    let (_, table) = text.split_once("## Where is").expect("a table of places");
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(" | ").collect()).collect();
    let rows = rows.iter().filter_map(|row| {
        if let [place, files, names] = row[..] { Some((place, files, names)) } else { None }
    });
    let rows: Vec<_> = rows.skip(2).collect();
    for place in PLACES {
        assert!(rows.iter().any(|row| row.0.contains(place)), "{place}");
    }
    for (place, files, names) in rows {
        let mut sources = String::new();
        for path in code(files).chain(code(names)).filter(|name| name.contains('/')) {
            append_sources(&root().join(path), &mut sources);
        }
        for name in code(names).filter(|name| !name.contains(['/', '.', ';', '-'])) {
            let last = name.rsplit("::").next().unwrap_or_default();
            assert!(sources.contains(last), "{place}: {name} is not in {files}");
        }
    }
}
