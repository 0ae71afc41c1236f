//! The diagram in the README is the table in the code.

use lottery_proto::{State, TRANSITIONS};

const README: &str = include_str!("../README.md");

#[test]
fn the_diagram_shows_every_transition_and_no_other() {
    let (_, rest) = README.split_once("```mermaid\nstateDiagram-v2\n").expect("there is a diagram");
    let (diagram, _) = rest.split_once("```").expect("it ends");
    let (start, shown): (Vec<&str>, Vec<&str>) =
        diagram.lines().map(str::trim).partition(|line| line.starts_with("[*]"));
    assert_eq!(start, ["[*] --> Open"]);
    let table: Vec<String> =
        TRANSITIONS.iter().map(|(from, on, to)| format!("{from:?} --> {to:?}: {on:?}")).collect();
    assert_eq!(shown, table);
}

#[test]
fn a_state_and_what_happens_lead_to_one_state_and_nothing_leads_out_of_closed() {
    for (index, (from, on, to)) in TRANSITIONS.iter().enumerate() {
        assert_ne!(from, to);
        assert_ne!(*from, State::Closed);
        assert!(TRANSITIONS[..index].iter().all(|(other, with, _)| (other, with) != (from, on)));
    }
}
