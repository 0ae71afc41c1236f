//! Errors of files and directories that may not be used: they name the owner and this process's user.

use std::fmt::Display;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use lottery_core::store::StoreError;

/// Returns the error that `path` cannot be used. Where a permission is missing, it names user, owner and
/// mode.
pub(super) fn unusable(path: &Path, error: &io::Error) -> StoreError {
    let place = path.display().to_string();
    let denied = matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem);
    let cause = match whose(path) {
        Some(whose) if denied => format!("{error}; {whose}"),
        _ => error.to_string(),
    };
    StoreError::Unusable { place, cause }
}

/// Returns the same error for causes other than permissions.
pub(super) fn unusable_for(place: &dyn Display, cause: &dyn Display) -> StoreError {
    StoreError::Unusable { place: place.to_string(), cause: cause.to_string() }
}

/// Describes the user of this process, and the owner of the file; of the nearest directory above it if the
/// file is missing.
fn whose(path: &Path) -> Option<String> {
    let path = std::path::absolute(path).ok()?;
    let (found, metadata) =
        path.ancestors().find_map(|path| Some((path, fs::symlink_metadata(path).ok()?)))?;
    let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    Some(format!(
        "this is user {user}, group {group}, and {} belongs to user {}, group {}, with mode {:04o}",
        found.display(),
        metadata.uid(),
        metadata.gid(),
        metadata.mode() & 0o7777
    ))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn an_error_of_permissions_names_user_owner_and_mode() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o750)).unwrap();
        let path = dir.path().join("below/lottery.redb");
        let denied = io::Error::from(ErrorKind::PermissionDenied);
        let error = unusable(&path, &denied).to_string();
        let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        let expected = format!(
            "{}: cannot be used: permission denied; this is user {user}, group {group}, and {} belongs to user {user}, \
             group {group}, with mode 0750",
            path.display(),
            dir.path().display()
        );
        assert_eq!(error, expected);
        let missing = io::Error::from(ErrorKind::NotFound);
        assert!(unusable(&path, &missing).to_string().ends_with(": cannot be used: entity not found"));
    }
}
