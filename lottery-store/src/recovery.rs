//! Repairs that the database file needs before redb opens it.

use std::io;

use super::disk::Disk;

/// Length of redb's magic number, the file's first bytes, in bytes. redb writes it last when it creates a
/// database.
const MAGIC: usize = 9;
/// Size of redb's page in bytes: the header is the first one.
const PAGE: usize = 4096;
const CHUNK: usize = 16 * PAGE;

/// Empties a file whose creation was cut short, which redb would never open: its header without the magic
/// number, and nothing after it. A file with any other content is left alone.
pub(super) fn undo_unfinished_creation(disk: &dyn Disk) -> io::Result<()> {
    if disk.size()? == 0 {
        return Ok(());
    }
    let mut unfinished = true;
    for_each_chunk(disk, |offset, chunk| {
        let skipped = if offset == 0 { MAGIC..PAGE.min(chunk.len()) } else { 0..0 };
        unfinished &= chunk.iter().enumerate().all(|(at, byte)| *byte == 0 || skipped.contains(&at));
        Ok(unfinished)
    })?;
    if unfinished { disk.set_len(0) } else { Ok(()) }
}

/// Writes the whole file over itself and syncs it.
///
/// After a failed sync, pages that did not reach the disk may still be read from the system's cache and
/// look sound. So the content of a file whose server did not end in good order must be written again before
/// anything is built on it. Only the last group can be concerned, so a power cut meanwhile does no harm:
/// redb falls back to the group before it.
pub(super) fn write_again(disk: &dyn Disk) -> io::Result<()> {
    for_each_chunk(disk, |offset, chunk| {
        // A hole stays a hole: on a full disk there is no room to fill it.
        for (at, page) in (offset..).step_by(PAGE).zip(chunk.chunks(PAGE)) {
            if page.iter().any(|byte| *byte != 0) {
                disk.write(at, page)?;
            }
        }
        Ok(true)
    })?;
    disk.sync()
}

/// Passes the file to `visit`, chunk by chunk, until it returns false.
fn for_each_chunk(disk: &dyn Disk, mut visit: impl FnMut(u64, &[u8]) -> io::Result<bool>) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK];
    let (mut offset, size) = (0, disk.size()?);
    while offset < size {
        let len = usize::try_from(size - offset).map_or(CHUNK, |rest| rest.min(CHUNK));
        let chunk = &mut buffer[..len];
        disk.read(offset, chunk)?;
        if !visit(offset, chunk)? {
            break;
        }
        offset += len as u64;
    }
    Ok(())
}
