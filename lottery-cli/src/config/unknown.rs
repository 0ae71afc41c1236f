//! Unknown keys of a file. Other programs of the course have theirs in the same files, so they are warnings
//! unless `strict-config` is set.

use tracing::warn;

/// Maximum number of keys that are named; the others are only counted.
const MOST: usize = 16;

/// Keys of a file that mean nothing to the program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnknownKeys {
    pub(super) file: String,
    pub(super) keys: Vec<UnknownKey>,
    pub(super) more: usize,
}

/// An unknown key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UnknownKey {
    pub(super) key: String,
    /// Known key that is most like it, if one is near enough.
    pub(super) nearest: Option<&'static str>,
}

impl UnknownKeys {
    pub(super) fn push(&mut self, file: &str, key: UnknownKey) {
        file.clone_into(&mut self.file);
        if self.keys.len() < MOST { self.keys.push(key) } else { self.more += 1 }
    }

    /// Returns a line for each key with its problem.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        let more = (self.more > 0).then(|| format!("{}: {} more unknown keys", self.file, self.more));
        let named = self.keys.iter().map(|UnknownKey { key, nearest }| {
            let nearest = nearest.map(|nearest| format!(", did you mean {nearest}?")).unwrap_or_default();
            format!("{}: {key}: unknown key{nearest}", self.file)
        });
        named.chain(more)
    }

    /// Logs a warning for each key.
    pub(super) fn log(&self) {
        for reason in self.lines() {
            warn!(action = "config_file", result = "fail", reason);
        }
    }
}
