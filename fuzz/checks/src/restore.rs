//! Backups: any bytes are restored, or rejected with a text, and never yield more than they hold.

use lottery_core::store::{AgencyRecord, MemoryStore, Rules, Store};
use lottery_store::transfer::{BackupWriter, Part, TransferError, import, read_backup, restore};
use lottery_testkit::crc32c;

/// Restores a backup. `data` is a byte, then the backup. If the byte is odd the checksum is corrected:
/// changed bytes alone would hardly ever get past it.
pub fn run(data: &[u8]) {
    let Some((mends, backup)) = data.split_first() else { return };
    let mended;
    let backup = if mends % 2 == 1 {
        mended = with_checksum(backup);
        &mended
    } else {
        backup
    };
    let (mut shown, mut lines) = (0, 0);
    let read = read_backup("a backup", backup, &mut |part| {
        if let Part::Rows(rows) = part {
            shown += rows.len();
            lines += rows.lines().count();
        }
        Ok(())
    });
    assert!(shown <= backup.len(), "{shown} bytes of rows");
    let mut store = MemoryStore::new();
    match (read, restore("a backup", backup, &mut store)) {
        (Ok(()), Ok(())) => {
            let saved = store.load().expect("it is in memory");
            let stored: u64 = saved.agencies.values().map(|agency| agency.stored).sum();
            assert_eq!(stored, lines as u64);
        }
        // The records of its agencies are wrong, or its rows are none.
        (Ok(()), Err(error)) => is_one_line(&error),
        (Err(error), restored) => {
            is_one_line(&error);
            assert!(restored.is_err(), "{error}");
        }
    }
}

/// Checks that an error is one line without control characters, which could reach the terminal from the file.
fn is_one_line(error: &TransferError) {
    let text = error.to_string();
    assert!(!text.is_empty() && !text.contains(char::is_control), "{text:?}");
}

/// Returns the backup with the right checksum in its last line.
fn with_checksum(backup: &[u8]) -> Vec<u8> {
    let text = backup.strip_suffix(b"\n").unwrap_or(backup);
    let body = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let (body, end) = text.split_at(body);
    let kept = end.iter().rposition(|byte| *byte == b' ').map_or(end, |at| &end[..at]);
    [body, kept, format!(" {}\n", crc32c(body)).as_bytes()].concat()
}

/// Returns a backup that holds a draw.
pub(crate) fn good() -> Vec<u8> {
    let rows = "1,Ana,\"Paz, x\",1,2000-01-01,7574\r\n2,Eva,Sosa,2,1999-12-31,1\r\n";
    let mut store = MemoryStore::new();
    import("rows", rows.as_bytes(), 2, &mut store).expect("they are rows");
    let mut writer = BackupWriter::new(Vec::new()).expect("memory");
    let rules = Rules { agencies: 2, winning_number: 7574 };
    writer.put(Part::Rules(rules)).expect("memory");
    for (agency, record) in store.load().expect("it is in memory").agencies {
        writer.put(Part::Agency(agency, AgencyRecord { finished: true, ..record })).expect("memory");
    }
    writer.put(Part::Draw { winning_number: 7574, agencies: 2 }).expect("memory");
    writer.put(Part::Rows(rows)).expect("memory");
    writer.end().expect("memory")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_backup_is_restored_also_with_its_checksum_made_right() {
        let good = good();
        assert_eq!(with_checksum(&good), good);
        let mut store = MemoryStore::new();
        restore("a seed", &good[..], &mut store).unwrap();
        assert!(store.load().unwrap().draw.is_some());
    }
}
