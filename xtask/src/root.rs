//! Checkout that a command is run in.

use std::env;
use std::path::{Path, PathBuf};

/// Returns the root of the workspace that contains the package cargo runs. Without cargo it is the directory
/// at or above the working directory that has this crate in it, or else the working directory.
///
/// A compiled-in path would name the checkout that built the program: with a shared target directory that may
/// be another one, which may be gone.
pub(crate) fn root() -> PathBuf {
    let here = env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    find(env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).as_deref(), &here)
}

/// Finds the root from the directory of the package that cargo runs, and from the working directory.
fn find(package: Option<&Path>, here: &Path) -> PathBuf {
    let is_root = |dir: &&Path| dir.join("xtask/Cargo.toml").is_file();
    // The program of another package may run this one, with its own `CARGO_MANIFEST_DIR`.
    let said = package.and_then(Path::parent).filter(is_root);
    said.or_else(|| here.ancestors().find(is_root)).unwrap_or(here).to_path_buf()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_root_is_where_cargo_runs_the_program_and_else_above_the_working_directory() {
        let dir = tempfile::tempdir().expect("a directory");
        let [one, two, none] = ["one", "two", "none"].map(|name| dir.path().join(name));
        for checkout in [&one, &two] {
            fs::create_dir_all(checkout.join("xtask/src")).expect("a directory");
            fs::write(checkout.join("xtask/Cargo.toml"), "").expect("a file");
        }
        fs::create_dir_all(&none).expect("a directory");
        assert_eq!(find(Some(&one.join("xtask")), &two), one);
        assert_eq!(find(None, &two.join("xtask/src")), two);
        assert_eq!(find(Some(&none.join("other")), &two), two);
        assert_eq!(find(None, &none), none);
        assert!(root().join("Cargo.lock").exists());
    }
}
