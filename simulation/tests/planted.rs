//! Planted mistakes, with every `cargo test`.

use simulation::planted::table;

#[test]
fn each_planted_mistake_is_found() {
    let (table, all) = table();
    assert!(all, "{table}");
}
