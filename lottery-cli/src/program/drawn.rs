//! Command `winners` of a server: the documents of the bets that have won, after the draw, also while a server runs.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use lottery_core::store::{StoreError, rows};
use lottery_store::transfer::{Part, TransferError};

use super::control::read_parts;
use super::fail;
use super::transfer::failed;
use crate::config::ServerSettings;

/// Prints the winners of an agency, or of all, in the order in which their bets were stored: a document a line.
pub(super) fn winners(settings: &ServerSettings, agency: Option<u32>) -> ExitCode {
    let mut draw = None;
    let read = read_parts(&settings.data_dir, false, &mut |part| {
        if let Part::Draw { winning_number, agencies } = part {
            draw = Some((winning_number, agencies));
        }
        Ok(())
    });
    if let Err(error) = read {
        return failed(error, settings);
    }
    // A draw is for good: the rows that are read next are those that it was held over.
    let winning_number = match winning_number(draw, agency) {
        Ok(winning_number) => winning_number,
        Err(reason) => return fail(1, &reason),
    };
    let mut output = BufWriter::new(io::stdout());
    let read = read_parts(&settings.data_dir, true, &mut |part| match part {
        Part::Rows(text) => print(text, winning_number, agency, &mut output),
        Part::Rules(_) | Part::Agency(..) | Part::Draw { .. } => Ok(()),
    });
    match read.and_then(|()| output.flush().map_err(TransferError::Unwritable)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(TransferError::Unwritable(error)) => {
            fail(1, &format!("cannot write to standard output: {error}"))
        }
        Err(error) => failed(error, settings),
    }
}

/// Returns the number that has won, or the reason that an agency, or any, has no winners. `draw` is that number, and how
/// many agencies took part.
fn winning_number(draw: Option<(u32, u32)>, agency: Option<u32>) -> Result<u32, String> {
    let not_drawn = "the draw has not taken place; status says which agencies have finished";
    let (winning_number, agencies) = draw.ok_or(not_drawn)?;
    match agency {
        Some(agency) if agency > agencies => {
            Err(format!("agency {agency}: {agencies} agencies took part in the draw"))
        }
        _ => Ok(winning_number),
    }
}

/// Prints the winners among rows.
fn print(
    text: &str,
    winning_number: u32,
    asked: Option<u32>,
    output: &mut impl Write,
) -> Result<(), TransferError> {
    let mut written = Ok(());
    let whole = rows::for_each_row(text, |agency, document, number| {
        if number == winning_number && asked.is_none_or(|asked| asked == agency) && written.is_ok() {
            written = writeln!(output, "{document}");
        }
    });
    written.map_err(TransferError::Unwritable)?;
    whole.map_err(|error| {
        StoreError::Failed { place: "the stored bets".to_owned(), cause: error.to_string() }.into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str = "2,Ana,Paz,20000001,1980-01-01,7574\r\n1,\"Gil, Leo\",Paz,20000002,1980-01-01,7574\r\n\
                        1,Eva,Paz,20000003,1980-01-01,75740\r\n2,Eva,Paz,20000004,1980-01-01,7574\r\n";

    #[test]
    fn winners_are_printed_in_the_order_in_which_they_were_stored() {
        let printed = |agency| {
            let mut output = Vec::new();
            print(ROWS, 7574, agency, &mut output).unwrap();
            String::from_utf8(output).unwrap()
        };
        assert_eq!(printed(None), "20000001\n20000002\n20000004\n");
        assert_eq!(printed(Some(2)), "20000001\n20000004\n");
        assert_eq!(printed(Some(3)), "");
    }

    #[test]
    fn there_are_no_winners_before_the_draw_or_of_an_agency_that_takes_no_part() {
        let none = "the draw has not taken place; status says which agencies have finished";
        assert_eq!(winning_number(None, None).unwrap_err(), none);
        assert_eq!(winning_number(None, Some(1)).unwrap_err(), none);
        assert_eq!(winning_number(Some((7, 3)), Some(3)), Ok(7));
        let error = winning_number(Some((7, 3)), Some(4)).unwrap_err();
        assert_eq!(error, "agency 4: 3 agencies took part in the draw");
    }

    #[test]
    fn rows_that_are_none_and_an_output_without_room_are_errors() {
        let failed = print("no row", 7574, None, &mut Vec::new());
        assert!(matches!(failed, Err(TransferError::Store(StoreError::Failed { .. }))), "{failed:?}");
        let mut full: &mut [u8] = &mut [0; 4];
        assert!(matches!(print(ROWS, 7574, None, &mut full), Err(TransferError::Unwritable(_))));
    }
}
