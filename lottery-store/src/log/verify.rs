//! Check of a whole log, and of `bets.csv` beside it. It changes nothing and holds no lock, so a server may go on
//! meanwhile: a durable frame does not change, and what is being written comes behind all of them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use lottery_core::store::{AgencyRecord, Saved, StoreError};

use super::broken::Broken;
use super::directory::{Directory, FileDirectory};
use super::frame::{BLOCK, Frame};
use super::opening::{CSV, LOG};
use super::place::Place;
use super::reader::{Reader, START};
use super::recovery::{self, Found};
use super::rows::LogRows;
use super::segment::{self, HEAD};
use super::snapshots::Published;
use super::window::Window;
use crate::compare::{Spot, compare_first};
use crate::data_dir::DataDir;
use crate::disk::{Disk, FileDisk};
use crate::permissions;

/// Number of times that the end of a log is looked for, while a server writes there.
const TRIES: usize = 16;

/// Log that was found whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Number of segments.
    pub segments: u64,
    /// Number of groups.
    pub groups: u64,
    /// Everything but the bets and the winners. The rows of each agency were counted.
    pub saved: Saved,
    /// Bytes of rows that `bets.csv` lacks, of whole groups: all of them if there is no such file.
    pub csv_behind: u64,
}

/// Checks the log and the `bets.csv` of a data directory, also while a server runs on it: heads, checksums and order of
/// all frames, that no frame stands behind a hole, that rows and winners are those that the agencies' records and the draw
/// count, and that `bets.csv` is the beginning of the rows.
///
/// # Errors
///
/// [`StoreError::Unusable`] with file and offset, and [`StoreError::Differs`].
pub fn verify(data_dir: &Path) -> Result<Verified, StoreError> {
    let (log, csv_path) = (data_dir.join(LOG), data_dir.join(CSV));
    fs::symlink_metadata(&log).map_err(|error| permissions::unusable(&log, &error))?;
    let csv = match FileDisk::open_existing(&csv_path) {
        Ok(file) => Some(file),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(permissions::unusable(&csv_path, &error)),
    };
    let directory = FileDirectory::open_at(&log).map_err(|error| permissions::unusable(&log, &error))?;
    let is_served = || DataDir::is_locked(data_dir);
    let (csv, directory) =
        (csv.as_ref().map(|file| file as &dyn Disk), Arc::new(directory) as Arc<dyn Directory>);
    verify_log(&directory, &csv_path.display().to_string(), csv, &is_served)
}

/// Checks a log in any directory, as [`verify`] does. `is_served` is asked once the log was read, and says if its last
/// frame may be being written.
///
/// # Errors
///
/// The same.
pub fn verify_log(
    directory: &Arc<dyn Directory>,
    csv_place: &str,
    csv: Option<&dyn Disk>,
    is_served: &dyn Fn() -> bool,
) -> Result<Verified, StoreError> {
    let csv_unusable = |error: io::Error| permissions::unusable_for(&csv_place, &error);
    // All rows that the file has by now are in the log that is read next.
    let csv = csv.map(|file| Ok((file, file.size()?))).transpose().map_err(csv_unusable)?;
    let found = find(&**directory).map_err(Broken::unusable)?;
    let Some(found) = found else {
        return Err(Broken::at(&**directory, "", &"it holds no segment").unusable());
    };
    check_frames(directory, &found).map_err(Broken::unusable)?;
    check_tail(&**directory, &found, is_served).map_err(Broken::unusable)?;
    let (end, rows_len) = (found.state.end, found.state.rows_len);
    let (groups, saved) = (found.state.groups, found.state.saved.clone());
    let mut csv_behind = rows_len;
    if let Some((file, size)) = csv {
        let mut rows = LogRows::new(&Published::new(directory, found.head.id, found.state));
        let compared = compare_first(file, size, Some(&mut rows), Spot::default()).map_err(csv_unusable)?;
        let equal = compared.map_err(|difference| StoreError::Differs {
            place: csv_place.to_owned(),
            store: directory.place("").trim_end_matches('/').to_owned(),
            difference,
        })?;
        csv_behind = rows_len - equal.len;
    }
    Ok(Verified { segments: end.segment, groups, saved, csv_behind })
}

/// Reads the heads and the last segment. A frame that is being written is not whole, and it is by the time that a later
/// one is seen: so only what is seen again is damage.
fn find(directory: &dyn Directory) -> Result<Option<Found>, Broken> {
    let mut found = recovery::find(directory);
    for _ in 0..TRIES {
        let Err(before) = found else { break };
        found = recovery::find(directory);
        if found.as_ref().err() == Some(&before) {
            break;
        }
    }
    found
}

/// Reads all frames up to the end that was found.
fn check_frames(directory: &Arc<dyn Directory>, found: &Found) -> Result<(), Broken> {
    let (mut content, mut problem) = (Content::default(), None);
    let mut reader = Reader::new(directory, found.head.id, START, found.state.end);
    reader.read(|frame, at, _| match content.add(frame, at) {
        Ok(()) => ControlFlow::Continue(()),
        Err(cause) => {
            let cause = format!("offset {}: {cause}", at.offset);
            problem = Some(Broken::damage(&**directory, &segment::name(at.segment), &cause));
            ControlFlow::Break(())
        }
    })?;
    problem.map_or(Ok(()), Err)
}

/// Checks that nothing stands behind the last frame but what a server is writing.
fn check_tail(directory: &dyn Directory, found: &Found, is_served: &dyn Fn() -> bool) -> Result<(), Broken> {
    let Place { segment, offset } = found.state.end;
    let failed = |error: io::Error| Broken::at(directory, &segment::name(segment), &error);
    let damaged = |cause: &str| Broken::damage(directory, &segment::name(segment), &cause);
    let mut window = Window::new(Arc::clone(&found.disk), found.disk.size().map_err(failed)?);
    let Some(used) = window.used(offset).map_err(failed)? else { return Ok(()) };
    if !is_served() {
        return Err(damaged(&format!(
            "offset {offset}: no whole frame, and not zeros: a group that was not acknowledged when the server or the \
             machine stopped, or the last one, damaged since"
        )));
    }
    // A frame is written from its beginning on, so that is there if the rest is.
    let mut again = Window::new(Arc::clone(&found.disk), found.disk.size().map_err(failed)?);
    if again.get(offset, BLOCK).map_err(failed)?.iter().all(|byte| *byte == 0) {
        return Err(damaged(&format!("offset {}: damaged: expected zeros behind the last frame", used - 1)));
    }
    Ok(())
}

/// Content of the frames that were read so far.
#[derive(Debug, Default)]
struct Content {
    /// Number of rows of each agency.
    rows: BTreeMap<u32, u64>,
    /// Length of all rows, in bytes.
    rows_len: u64,
    /// Number of pieces of winners of each agency, of the draw that is being held.
    pieces: BTreeMap<u32, u64>,
    is_drawn: bool,
}

impl Content {
    /// Adds a frame. Returns an error if it does not follow from those before.
    fn add(&mut self, frame: &Frame<'_>, at: Place) -> Result<(), String> {
        if frame.checkpoint != (at.offset == HEAD as u64) {
            return Err("expected a checkpoint in the first frame of a segment, and in no other".to_owned());
        }
        if frame.rows_before != self.rows_len {
            return Err(format!(
                "names {} bytes of rows before it, expected {}",
                frame.rows_before, self.rows_len
            ));
        }
        self.rows_len += frame.rows.len() as u64;
        for row in frame.rows.split_inclusive(|byte| *byte == b'\n') {
            let agency = row.ends_with(b"\r\n").then(|| row.split(|byte| *byte == b',').next()).flatten();
            let agency = agency.and_then(|digits| str::from_utf8(digits).ok()?.parse().ok());
            *self.rows.entry(agency.ok_or("a row without an agency or an end")?).or_default() += 1;
        }
        for (agency, AgencyRecord { stored, .. }) in &frame.saved.agencies {
            let rows = self.rows.get(agency).copied().unwrap_or_default();
            if rows != *stored {
                return Err(format!("names {stored} bets of agency {agency}, and there are {rows} rows"));
            }
        }
        self.add_winners(frame)
    }

    fn add_winners(&mut self, frame: &Frame<'_>) -> Result<(), String> {
        if frame.begins {
            self.pieces.clear();
        }
        for (agency, number, _) in frame.pieces() {
            let next = self.pieces.entry(agency).or_default();
            if number != *next {
                return Err(format!("piece {number} of the winners of agency {agency}, expected {next}"));
            }
            *next += 1;
        }
        let Some(draw) = frame.saved.draw.as_ref().filter(|_| !self.is_drawn) else { return Ok(()) };
        self.is_drawn = true;
        for (agency, list) in &draw.winners {
            let pieces = self.pieces.get(agency).copied().unwrap_or_default();
            if pieces != list.pieces {
                return Err(format!(
                    "a draw with {} pieces of agency {agency}, and there are {pieces}",
                    list.pieces
                ));
            }
        }
        Ok(())
    }
}
