//! Place for the winners' documents, created before anything is sent, so that it exists after the draw.
//!
//! A file is written beside its place, as `FILE.part`, and renamed at the end: it is there whole or not at
//! all.

mod aside;
mod identity;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use self::aside::Aside;
use self::identity::Input;
use crate::config::{ClientSettings, ConfigError};

/// Place for the winners' documents.
#[derive(Debug)]
pub(super) struct Winners(Place);

#[derive(Debug)]
enum Place {
    Nowhere,
    Output,
    /// A pipe or a device, which cannot be replaced by a file.
    Stream(PathBuf, File),
    File(Aside),
}

/// Reason that the winners cannot be written to their place.
#[derive(Debug, thiserror::Error)]
pub(super) enum WinnersError {
    /// A file that the client reads would be overwritten.
    #[error("--winners {}: this is {what}, which the winners would overwrite", path.display())]
    Input { path: PathBuf, what: &'static str },
    /// A file that is not empty would be lost.
    #[error("--winners {}: it exists and is not empty; --force replaces it", path.display())]
    NotEmpty { path: PathBuf },
    /// Too many other clients are about to write there.
    #[error("--winners {}: too many other clients are about to write there", path.display())]
    Busy { path: PathBuf },
    /// The system does not let it be written.
    #[error("cannot write the winners to {}: {error}", path.display())]
    Unwritable { path: PathBuf, error: io::Error },
    /// The winners are written, but not in their place.
    #[error("cannot replace {}: {why}; the winners are in {}", path.display(), part.display())]
    LeftAside { path: PathBuf, part: PathBuf, why: String },
}

impl WinnersError {
    /// Returns the exit code of the program: a wrong place is wrong usage.
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Self::Input { .. } | Self::NotEmpty { .. } => ConfigError::EXIT_CODE,
            Self::Busy { .. } | Self::Unwritable { .. } | Self::LeftAside { .. } => 1,
        }
    }

    fn unwritable(path: &Path) -> impl Fn(io::Error) -> Self {
        move |error| Self::Unwritable { path: path.to_owned(), error }
    }
}

impl Winners {
    /// Creates the place that the settings name.
    ///
    /// # Errors
    ///
    /// The place is something that the client reads, it is not empty and may not be replaced, or it cannot be
    /// written.
    pub(super) fn open(settings: &ClientSettings) -> Result<Self, WinnersError> {
        let inputs = [
            Input::new("the file of the bets", settings.bets.as_deref()),
            Input::new("the configuration", Some(&settings.config)),
        ];
        let Some(path) = settings.winners.as_deref() else { return Ok(Self(Place::Nowhere)) };
        Self::open_beside(path, settings.force, &inputs)
    }

    fn open_beside(path: &Path, force: bool, inputs: &[Input]) -> Result<Self, WinnersError> {
        if path == Path::new("-") {
            return Ok(Self(Place::Output));
        }
        let reject_inputs = |place: &Path| match inputs.iter().find(|input| input.is_at(place)) {
            Some(input) => Err(WinnersError::Input { path: place.to_owned(), what: input.what }),
            None => Ok(()),
        };
        reject_inputs(path)?;
        let found = match fs::metadata(path) {
            Ok(found) => Some(found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(WinnersError::unwritable(path)(error)),
        };
        match found {
            Some(found) if identity::is_standard_output(&found) => Ok(Self(Place::Output)),
            Some(found) if !found.is_file() => {
                let opened = File::options().write(true).open(path);
                let file = opened.map_err(WinnersError::unwritable(path))?;
                Ok(Self(Place::Stream(path.to_owned(), file)))
            }
            Some(found) if found.len() > 0 && !force => Err(WinnersError::NotEmpty { path: path.to_owned() }),
            _ => {
                let target = identity::end_of_links(path).map_err(WinnersError::unwritable(path))?;
                reject_inputs(&target)?;
                let parts = aside::names_beside(&target).map_err(WinnersError::unwritable(path))?;
                parts.iter().try_for_each(|part| reject_inputs(part))?;
                Ok(Self(Place::File(Aside::open(target, parts, force)?)))
            }
        }
    }

    /// Writes the documents, one a line.
    ///
    /// # Errors
    ///
    /// They could not be written, or they lie beside their place.
    pub(super) fn write(self, winners: &[String]) -> Result<(), WinnersError> {
        let text: String = winners.iter().flat_map(|document| [document, "\n"]).collect();
        match self.0 {
            Place::Nowhere => Ok(()),
            Place::Output => {
                let mut output = io::stdout();
                let written = output.write_all(text.as_bytes()).and_then(|()| output.flush());
                written.map_err(WinnersError::unwritable(Path::new("-")))
            }
            Place::Stream(path, mut file) => {
                file.write_all(text.as_bytes()).map_err(WinnersError::unwritable(&path))
            }
            Place::File(aside) => aside.finish(text.as_bytes()),
        }
    }
}
