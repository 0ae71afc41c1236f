//! Planted mistakes, with every `cargo test`.

use simulation::planted::search;

#[test]
fn each_planted_mistake_is_found() {
    let (table, all) = search();
    assert!(all, "{table}");
}
