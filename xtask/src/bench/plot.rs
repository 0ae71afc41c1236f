//! Horizontal bars as SVG. A plotting library is a dozen crates, this is forty lines.

use std::fmt::Write as _;

/// Bar of a plot: its name, its length, and a flag for our own.
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) value: f64,
    pub(super) ours: bool,
}

const WIDTH: f64 = 720.0;
const LEFT: f64 = 200.0;
const RIGHT: f64 = 70.0;
const ROW: f64 = 24.0;
const TOP: f64 = 40.0;

/// Draws the bars. The longest takes the full width.
pub(super) fn bars(title: &str, bars: &[Bar]) -> String {
    let longest = bars.iter().map(|bar| bar.value).fold(f64::MIN_POSITIVE, f64::max);
    let height = bars.iter().fold(TOP, |height, _| height + ROW) + 10.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
         font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n<text x=\"10\" y=\"24\" \
         font-size=\"15\" font-weight=\"bold\" fill=\"#222\">{}</text>\n",
        escape(title)
    );
    let mut top = TOP;
    for Bar { name, value, ours } in bars {
        let width = (WIDTH - LEFT - RIGHT) * value / longest;
        let (color, weight) = if *ours { ("#c2410c", "bold") } else { ("#94a3b8", "normal") };
        let (text, end) = (top + 15.0, LEFT + width + 6.0);
        let _ = writeln!(
            svg,
            "<text x=\"{:.0}\" y=\"{text:.0}\" text-anchor=\"end\" font-weight=\"{weight}\" fill=\"#222\">{}</text>\
             <rect x=\"{LEFT}\" y=\"{top:.0}\" width=\"{width:.1}\" height=\"18\" fill=\"{color}\"/>\
             <text x=\"{end:.1}\" y=\"{text:.0}\" fill=\"#222\">{value:.2} ×</text>",
            LEFT - 8.0,
            escape(name)
        );
        top += ROW;
    }
    svg + "</svg>\n"
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_has_all_the_room_and_texts_are_escaped() {
        let bar = |name: &str, value, ours| Bar { name: name.to_owned(), value, ours };
        let svg = bars("a < b", &[bar("x&y", 1.0, true), bar("z", 2.0, false)]);
        assert!(svg.contains("a &lt; b") && svg.contains("x&amp;y"));
        assert!(svg.contains("width=\"225.0\"") && svg.contains("width=\"450.0\""));
        assert_eq!(svg.matches("<rect").count(), 3);
    }
}
