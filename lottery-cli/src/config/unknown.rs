//! Keys of a file that are no settings. Other programs of the course have theirs in the same files, so they are no error
//! unless one asks for it.

use tracing::warn;

/// So many are named; of the others, how many they are.
const MOST: usize = 16;

/// The keys of a file that mean nothing to the program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnknownKeys {
    pub(super) file: String,
    pub(super) keys: Vec<UnknownKey>,
    pub(super) more: usize,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UnknownKey {
    pub(super) key: String,
    /// The known key that looks most like it, if one does.
    pub(super) nearest: Option<&'static str>,
}

impl UnknownKeys {
    pub(super) fn push(&mut self, file: &str, key: UnknownKey) {
        file.clone_into(&mut self.file);
        if self.keys.len() < MOST { self.keys.push(key) } else { self.more += 1 }
    }

    /// What is wrong with each, in a line.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        let more = (self.more > 0).then(|| format!("{}: {} more unknown keys", self.file, self.more));
        let named = self.keys.iter().map(|UnknownKey { key, nearest }| {
            let nearest = nearest.map(|nearest| format!(", did you mean {nearest}?")).unwrap_or_default();
            format!("{}: {key}: unknown key{nearest}", self.file)
        });
        named.chain(more)
    }

    /// Warns of each.
    pub(super) fn log(&self) {
        for reason in self.lines() {
            warn!(action = "config_file", result = "fail", reason);
        }
    }
}
