//! Files of the agencies.

use std::fs;
use std::path::{Path, PathBuf};

use super::Error;
use crate::data;

/// Returns the file of each agency, from agency 1 on; the files are used again in turn if there are fewer.
/// Without a directory they are those of `.data`, created if missing.
pub(super) fn find(dir: Option<&Path>, agencies: u8) -> Result<Vec<PathBuf>, Error> {
    let dir = match dir {
        Some(dir) => dir.to_path_buf(),
        None => data::provide()?,
    };
    let unreadable = |source| Error::DataDir { path: dir.clone(), source };
    // The processes run in another working directory.
    let dir = fs::canonicalize(&dir).and_then(|dir| fs::read_dir(&dir).map(|_| dir)).map_err(unreadable)?;
    let there: Vec<PathBuf> = (1..=agencies)
        .map(|agency| dir.join(format!("agency-{agency}.csv")))
        .take_while(|path| path.exists())
        .collect();
    if there.is_empty() {
        return Err(Error::NoFiles(dir));
    }
    Ok(there.iter().cycle().take(agencies.into()).cloned().collect())
}

/// Returns the number of bets in all files.
pub(super) fn count(files: &[PathBuf]) -> Result<u64, Error> {
    let mut all = 0;
    for path in files {
        let text = fs::read(path).map_err(|source| Error::File { path: path.clone(), source })?;
        // No field holds a line end, so lines are bets.
        all += text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count() as u64;
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_used_again_in_turn_up_to_the_first_that_is_missing() {
        let dir = tempfile::tempdir().unwrap();
        for agency in [1, 2, 4] {
            fs::write(dir.path().join(format!("agency-{agency}.csv")), "").unwrap();
        }
        let names = |agencies| -> Vec<String> {
            let files = find(Some(dir.path()), agencies).unwrap();
            files.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names(1), ["agency-1.csv"]);
        assert_eq!(
            names(5),
            ["agency-1.csv", "agency-2.csv", "agency-1.csv", "agency-2.csv", "agency-1.csv"]
        );
    }
}
