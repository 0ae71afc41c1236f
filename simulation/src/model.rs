//! Model of the lottery: a map from agency to its list, and checks of each observation against it.
//!
//! Nothing here is shared with the code under test: rows, digests and packets have their own writers and
//! readers.

use lottery_core::store::{AgencyRecord, Draw};
use lottery_testkit::Rng;

/// Winning number.
pub const WINNING_NUMBER: u32 = 7574;

/// Bets of an agency, and the part of them that is known to be durable.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Lines of its file.
    pub lines: Vec<String>,
    /// Rows of `bets.csv`.
    rows: Vec<String>,
    /// Digest of the first `n` bets, at index `n`.
    digests: Vec<u32>,
    /// Documents of its winners.
    pub winners: Vec<String>,
    /// Number of durable bets.
    pub durable: usize,
    /// True if it is durable that these were all.
    pub finished: bool,
    /// Number of acknowledged bets.
    pub acknowledged: usize,
    /// True if Finished was acknowledged.
    pub acknowledged_end: bool,
}

/// Expected state of the lottery.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// Lists by agency: that of agency 1 at index 0.
    pub lists: Vec<List>,
    /// Draw, once it is durable.
    pub draw: Option<Draw>,
}

impl Model {
    /// Returns a model with a number of bets for each agency.
    pub fn new(bets: &[usize], rng: &mut Rng) -> Self {
        let lists = (1..).zip(bets).map(|(agency, bets)| List::new(agency, *bets, rng)).collect();
        Self { lists, draw: None }
    }

    /// Returns the list of an agency.
    pub fn list(&mut self, agency: u32) -> &mut List {
        &mut self.lists[agency as usize - 1]
    }

    /// Compares all that is durable. `record` returns the store's record of an agency, `pieces` are the rows
    /// that it has, `winners` returns those of an agency once it has the draw.
    ///
    /// # Errors
    /// The difference.
    pub fn compare(
        &mut self,
        record: impl Fn(u32) -> AgencyRecord,
        draw: Option<&Draw>,
        winners: impl Fn(u32) -> Vec<String>,
        pieces: &[String],
    ) -> Result<(), String> {
        let mut counts = vec![0; self.lists.len()];
        for piece in pieces {
            let mut rest = piece.as_str();
            while let Some((agency, _)) = rest.split_once(',') {
                let index = agency.parse::<usize>().map_err(|_| "a row without an agency")? - 1;
                let list = self.lists.get(index).ok_or("a row of an unknown agency")?;
                let expected = list.rows.get(counts[index]).ok_or("more rows than the list has bets")?;
                rest = rest.strip_prefix(expected.as_str()).ok_or_else(|| {
                    let row = rest.lines().next().unwrap_or_default();
                    format!("stored as bet {} of agency {agency}: {row}", counts[index] + 1)
                })?;
                counts[index] += 1;
            }
            if !rest.is_empty() {
                return Err(format!("no row: {rest}"));
            }
        }
        for (agency, (count, list)) in (1..).zip(counts.iter().zip(&mut self.lists)) {
            let AgencyRecord { stored, digest, finished } = record(agency);
            let expected = AgencyRecord { stored: *count as u64, digest: list.digests[*count], finished };
            if (stored, digest) != (expected.stored, expected.digest) {
                return Err(format!(
                    "agency {agency}: the record is {stored} {digest:08x}, not {expected:?}"
                ));
            }
            if finished && *count < list.rows.len() || list.finished && !finished {
                return Err(format!("agency {agency}: finished ({finished}) with {count} bets"));
            }
            if *count < list.acknowledged || list.acknowledged_end && !finished {
                return Err(format!(
                    "agency {agency}: {} bets acknowledged, {count} stored",
                    list.acknowledged
                ));
            }
            if *count < list.durable {
                return Err(format!("agency {agency}: {} bets were durable, {count} are", list.durable));
            }
            (list.durable, list.finished) = (*count, finished);
        }
        match (&self.draw, draw) {
            (None, None) => {}
            (before, Some(draw)) if before.as_ref().is_none_or(|before| before == draw) => {
                let all = self.lists.iter().all(|list| list.finished);
                let right = (1..).zip(&self.lists).all(|(agency, list)| {
                    let size = draw.winners.get(&agency).map_or(0, |won| won.size.documents);
                    size == list.winners.len() as u64 && winners(agency) == list.winners
                });
                if !all || !right {
                    return Err(format!(
                        "drawn with all agencies finished: {all}, the right winners: {right}"
                    ));
                }
                self.draw = Some(draw.clone());
            }
            _ => return Err("the draw has changed".to_owned()),
        }
        Ok(())
    }

    /// Checks that the server acknowledges `total` bets.
    ///
    /// # Errors
    /// They are not durable.
    pub fn acknowledged(&mut self, agency: u32, total: usize) -> Result<(), String> {
        let list = self.list(agency);
        list.acknowledged = list.acknowledged.max(total);
        if total <= list.durable {
            return Ok(());
        }
        Err(format!("agency {agency}: {total} bets acknowledged, {} are durable", list.durable))
    }

    /// Checks that the server acknowledges Finished.
    ///
    /// # Errors
    /// It is not durable.
    pub fn acknowledged_end(&mut self, agency: u32) -> Result<(), String> {
        let list = self.list(agency);
        list.acknowledged_end = true;
        if list.finished {
            Ok(())
        } else {
            Err(format!("agency {agency}: its end acknowledged, not durable"))
        }
    }

    /// Checks the server's Welcome.
    ///
    /// # Errors
    /// It differs from the durable bets.
    pub fn welcomed(
        &mut self,
        agency: u32,
        stored: usize,
        finished: bool,
        digest: u32,
    ) -> Result<(), String> {
        self.acknowledged(agency, stored)?;
        if finished {
            self.acknowledged_end(agency)?;
        }
        let list = self.list(agency);
        let expected = list.digests[stored];
        if digest == expected {
            return Ok(());
        }
        Err(format!("agency {agency}: welcome says {digest:08x}, expected {expected:08x}"))
    }

    /// Checks that these are all winners of the agency.
    ///
    /// # Errors
    /// There is no draw, or its winners are others.
    pub fn winners(&mut self, agency: u32, documents: &[String]) -> Result<(), String> {
        let expected = self.draw.is_some().then(|| self.list(agency).winners.clone());
        match expected {
            None => Err(format!("agency {agency}: winners told before the draw is durable")),
            Some(expected) if expected != documents => {
                Err(format!("agency {agency}: told {documents:?}, expected {expected:?}"))
            }
            Some(_) => Ok(()),
        }
    }

    /// Returns true if all is stored, and drawn.
    pub fn is_complete(&self) -> bool {
        let whole = |list: &List| list.finished && list.durable == list.rows.len();
        self.draw.is_some() && self.lists.iter().all(whole)
    }
}

impl List {
    fn new(agency: u32, bets: usize, rng: &mut Rng) -> Self {
        let mut list = Self { digests: vec![0], ..Self::default() };
        let mut digest = 0;
        for bet in 0..bets {
            let first = *rng.pick(&["Ana", "José María", "Ñandú", "\"La\" Eva", "Pérez, Juan"]);
            let last = *rng.pick(&["Paz", "de la Cruz", "Sosa; Gil", "O'Neill"]);
            // Some bets are equal in every field: each must still be stored.
            let document =
                agency * 1000 + u32::try_from(bet - usize::from(bet > 0 && rng.one_in(8))).unwrap_or(0);
            let number =
                if rng.one_in(4) { WINNING_NUMBER } else { u32::try_from(rng.below(9999)).unwrap_or(1) };
            let line = format!("{},{},{document},1980-01-31,{number}", quoted(first), quoted(last));
            list.rows.push(format!("{agency},{line}\r\n"));
            list.lines.push(line);
            digest = crc32c(digest, format!("{first}|{last}|{document}|1980-01-31|{number}\n").as_bytes());
            list.digests.push(digest);
            if number == WINNING_NUMBER {
                list.winners.push(document.to_string());
            }
        }
        list
    }
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.to_owned() }
}

/// Extends a CRC-32C, bit by bit.
fn crc32c(crc: u32, bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0x82F6_3B78 } else { crc >> 1 };
    !bytes.iter().fold(!crc, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}
