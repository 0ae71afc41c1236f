//! Measurements in the form that the measuring programs print: lines of CSV, which begin with a group and a
//! name.

use super::Error;

/// Lines of all measurements.
#[derive(Debug)]
pub(super) struct Measured {
    lines: Vec<Vec<String>>,
}

impl Measured {
    /// Splits these outputs into lines and fields.
    pub(super) fn parse(outputs: &[&str]) -> Self {
        let lines = outputs.iter().flat_map(|output| output.lines());
        Self { lines: lines.map(|line| line.split(',').map(str::to_owned).collect()).collect() }
    }

    /// Returns the lines that begin with these fields, without them.
    pub(super) fn group<'a>(&'a self, start: &'a [&'a str]) -> impl Iterator<Item = &'a [String]> {
        self.lines.iter().filter_map(move |line| {
            let (head, rest) = line.split_at_checked(start.len())?;
            (head == start).then_some(rest)
        })
    }

    /// Returns the number in that column of the first line that begins with these fields; columns are counted
    /// from 0 after them. Returns an error if there is none.
    pub(super) fn number(&self, start: &[&str], column: usize) -> Result<f64, Error> {
        let number = self.group(start).next().and_then(|rest| rest.get(column)?.parse().ok());
        number.ok_or_else(|| Error::Missing(start.join("/")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_by_the_beginning_of_their_line() {
        let measured =
            Measured::parse(&["decode,block,24.6,1.0\ndecode,utf8,7.5,0.3\n", "ingest,16,std,2,1.5\n"]);
        assert_eq!(measured.number(&["decode", "utf8"], 1).unwrap().to_string(), "0.3");
        assert_eq!(measured.number(&["ingest", "16", "std"], 0).unwrap().to_string(), "2");
        assert_eq!(measured.group(&["decode"]).count(), 2);
        assert_eq!(
            measured.number(&["decode", "prost"], 1).unwrap_err().to_string(),
            "nothing was measured of decode/prost"
        );
    }
}
