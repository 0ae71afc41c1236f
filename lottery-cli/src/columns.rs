//! Alignment of a table's three columns.

/// Side at which the texts of the middle column are aligned.
#[derive(Clone, Copy)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Returns lines with a heading. The last column is not padded.
pub(crate) fn aligned(heading: [&str; 3], middle: Align, rows: impl Iterator<Item = [String; 3]>) -> String {
    let lines: Vec<_> = std::iter::once(heading.map(String::from)).chain(rows).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let (first, second) = (width(0), width(1));
    let line = |[name, value, rest]: &[String; 3]| match middle {
        Align::Left => format!("{name:first$}  {value:second$}  {rest}\n"),
        Align::Right => format!("{name:first$}  {value:>second$}  {rest}\n"),
    };
    lines.iter().map(line).collect()
}
