//! Recorded conversations: `conformance/transcripts`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::conversation::Conversation;
use super::error::Error;

/// Returns each recorded connection with bytes in it.
pub(super) fn all(root: &Path) -> Result<Vec<Conversation>, Error> {
    let directory = root.join("conformance/transcripts");
    let mut conversations = Vec::new();
    for place in [directory.clone(), directory.join("stages")] {
        let entries = fs::read_dir(place)?.collect::<Result<Vec<_>, _>>()?;
        let mut paths: Vec<_> = entries.iter().map(fs::DirEntry::path).collect();
        paths.retain(|path| path.extension().is_some_and(|kind| kind == "json"));
        paths.sort();
        for path in paths {
            read(&path, &mut conversations)?;
        }
    }
    Ok(conversations)
}

fn read(path: &Path, conversations: &mut Vec<Conversation>) -> Result<(), Error> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let wrong = |problem: &str| Error::Recording(name.clone(), problem.to_owned());
    let json: Value = serde_json::from_slice(&fs::read(path)?).map_err(|error| wrong(&error.to_string()))?;
    let connections = json["connections"].as_array().ok_or_else(|| wrong("no connections"))?;
    for (number, said) in connections.iter().enumerate() {
        let mut conversation = Conversation::new(format!("{name}, connection {number}"), None);
        for entry in said.as_array().ok_or_else(|| wrong("no messages"))? {
            let bytes = bytes(entry).ok_or_else(|| wrong("no hexadecimal digits"))?;
            conversation.push(entry["from"] == "client", bytes);
        }
        if !conversation.steps.is_empty() {
            conversations.push(conversation);
        }
    }
    Ok(())
}

/// Returns the bytes of a message, which are none for the end of a side.
fn bytes(entry: &Value) -> Option<Vec<u8>> {
    let hex = entry["hex"].as_str().unwrap_or_default();
    let byte = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    let mut bytes: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect::<Option<_>>()?;
    let padded = usize::try_from(entry["padded_to"].as_u64().unwrap_or_default()).ok()?;
    bytes.resize(bytes.len().max(padded), 0);
    Some(bytes)
}
