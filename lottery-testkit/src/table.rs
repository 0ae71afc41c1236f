//! Tables of results, all of one look.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

/// Returns a table of these rows, which ends with a line end. A column whose name begins with `>` holds numbers,
/// which stand at its right.
pub fn table<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(header.map(|name| name.trim_start_matches('>')));
    for row in rows {
        table.add_row(row);
    }
    for (column, _) in table.column_iter_mut().zip(header).filter(|(_, name)| name.starts_with('>')) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!("{table}\n")
}
