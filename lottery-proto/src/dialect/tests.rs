use alloc::string::ToString;
use alloc::{format, vec};

use super::*;
use crate::bet::{AgencyId, MAX_DOCUMENT};

#[test]
fn a_name_is_parsed_to_its_dialect() {
    let error = UnknownDialect.to_string();
    for dialect in Dialect::ALL.iter().chain(Dialect::EARLIER) {
        assert_eq!(dialect.name().parse(), Ok(*dialect));
        assert!(error.contains(dialect.name()), "{error}");
    }
    for name in ["", "Block", "blocks"] {
        assert_eq!(name.parse::<Dialect>(), Err(UnknownDialect));
    }
}

#[test]
fn each_dialect_has_its_profile() {
    use WinnersFlow::{Never, NewConnection, SameConnection, WithFinished};
    // Bets and bytes in a batch; sessions; replies to single bets; waits for replies; way to ask for the winners.
    for (dialect, bets, bytes, sessions, answers, waits, question) in [
        (Dialect::BLOCK, 255, usize::MAX, false, true, false, SameConnection),
        (Dialect::SESSION, 255, usize::MAX, true, true, false, SameConnection),
        (Dialect::FIXED, 99, usize::MAX, false, false, false, NewConnection),
        (Dialect::FRAMED, 10, 8192, false, true, true, WithFinished),
        (Dialect::BRACES, 50, usize::MAX, false, true, true, SameConnection),
        (Dialect::SHORT, 1, usize::MAX, false, true, true, Never),
        (Dialect::COLUMNS, 1, usize::MAX, false, true, true, Never),
        (Dialect::LINE, 1, usize::MAX, false, true, true, Never),
        (Dialect::BARE, 50, usize::MAX, false, true, true, Never),
        (Dialect::ECHO, 255, usize::MAX, false, true, true, Never),
    ] {
        let profile = dialect.profile();
        assert_eq!((profile.batch_bets, profile.batch_bytes), (bets, bytes), "{dialect}");
        assert_eq!(
            (profile.has_sessions, profile.answers_bets, profile.waits_for_answers),
            (sessions, answers, waits),
            "{dialect}"
        );
        assert_eq!(profile.winners_flow, question, "{dialect}");
        assert_eq!(profile.has_lines, dialect == Dialect::ECHO, "{dialect}");
        assert_eq!(profile.one_message, question == Never, "{dialect}");
        assert_eq!(profile.one_bet, bets == 1, "{dialect}");
        assert_eq!(profile.ambiguous_bets, dialect == Dialect::BARE, "{dialect}");
        assert_eq!(profile.has_finished, question != Never, "{dialect}");
        let rejection = match dialect.name() {
            "short" => RejectionSign::End,
            "columns" => RejectionSign::Reset,
            _ => RejectionSign::Reply,
        };
        assert_eq!(profile.rejection, rejection, "{dialect}");
        assert_eq!(Dialect::WITH_WINNERS.contains(&dialect), profile.has_finished, "{dialect}");
        assert_eq!(Dialect::WITH_BETS.contains(&dialect), !profile.has_lines, "{dialect}");
        let back = dialect.counterpart().and_then(Dialect::counterpart);
        let paired = [Dialect::BLOCK, Dialect::SESSION].contains(&dialect);
        let plain = if dialect == Dialect::SESSION { Dialect::BLOCK } else { dialect };
        assert_eq!(dialect.without_sessions(), plain);
        assert_eq!(back, paired.then_some(dialect), "{dialect}");
    }
}

#[test]
fn dialects_are_told_apart_ordered_and_shown_by_their_names() {
    let mut sorted = Dialect::ALL.to_vec();
    sorted.sort_unstable();
    let names = ["bare", "block", "braces", "columns", "echo", "fixed", "framed", "line", "session", "short"];
    assert_eq!(sorted.iter().map(|dialect| dialect.name()).collect::<vec::Vec<_>>(), names);
    for dialect in Dialect::ALL {
        assert_eq!(
            (format!("{dialect}"), format!("{dialect:?}")),
            (dialect.name().into(), dialect.name().into())
        );
        let same = Dialect::ALL.iter().filter(|other| *other == dialect).count();
        assert_eq!(same, 1, "{dialect}");
    }
}

#[test]
fn the_longest_answer_names_all_bets_and_is_no_longer() {
    let document = "9".repeat(MAX_DOCUMENT);
    for bets in [1, 300, 1000, 2000] {
        for (dialect, answer) in [
            (Dialect::FIXED, format!("R{bets:05}{}", "20000001".repeat(bets))),
            (Dialect::FRAMED, format!("{:08}{}", 0, vec![&*document; bets].join(";"))),
            (Dialect::BRACES, format!("R{};", vec![format!("{{PlayerDocID:{document}}}"); bets].join(","))),
        ] {
            let (longest, needed) = (dialect.longest_answer(bets), answer.len().max(8192));
            assert!((needed..=needed + 1).contains(&longest), "{dialect}, {bets}: {longest}, {needed}");
        }
        for dialect in [Dialect::BLOCK, Dialect::SESSION] {
            assert_eq!(dialect.longest_answer(bets), 8192);
        }
    }
    assert_eq!(Dialect::BRACES.longest_answer(usize::MAX), usize::MAX);
    assert_eq!(Dialect::ECHO.longest_answer(0), 16_385);
}

#[test]
fn each_dialect_names_agencies_up_to_its_greatest_and_none_beyond() {
    let client = |dialect, agency| {
        let config = crate::ClientConfig::new(AgencyId::new(agency).expect("a number"), dialect)
            .map_err(|error| error.to_string())?;
        let mut client = crate::Client::new(config, crate::Instant::default());
        let now = crate::Instant::default();
        let finished = client.send_finished(now);
        // In a session Hello carries the number, and nothing else is sent before Welcome.
        let greets = dialect.profile().has_sessions && client.unsent() > 0;
        if greets && finished == Err(crate::SendError::Busy) {
            Ok(())
        } else {
            finished.map_err(|error| error.to_string())
        }
    };
    for dialect in Dialect::WITH_WINNERS {
        let most = dialect.max_agency();
        assert_eq!(client(*dialect, most), Ok(()), "{dialect}");
        if most < AgencyId::MAX {
            let error = format!("agency: {}, expected 1 to {most}", most + 1);
            assert_eq!(client(*dialect, most + 1), Err(error), "{dialect}");
        }
    }
}

#[test]
fn dialects_of_earlier_servers_are_those_of_later_ones_apart_from_their_manner() {
    use WinnersFlow::{Never, NewConnection};
    for (dialect, later, flow, finished, one_message) in [
        (Dialect::BLOCK_6, Dialect::BLOCK, Never, true, false),
        (Dialect::BLOCK_7, Dialect::BLOCK, NewConnection, true, false),
        (Dialect::FIXED_6, Dialect::FIXED, Never, true, false),
        (Dialect::FRAMED_6, Dialect::FRAMED, Never, false, false),
        (Dialect::BRACES_7, Dialect::BRACES, NewConnection, true, true),
    ] {
        let answers_finished = dialect != Dialect::BRACES_7;
        let expected = DialectProfile {
            winners_flow: flow,
            has_finished: finished,
            one_message,
            answers_finished,
            ..later.profile()
        };
        assert_eq!(dialect.profile(), expected, "{dialect}");
        assert_eq!((dialect.max_agency(), dialect.counterpart()), (later.max_agency(), None), "{dialect}");
        assert_eq!(dialect.longest_answer(100_000), later.longest_answer(100_000), "{dialect}");
        assert_eq!(dialect.without_sessions(), dialect);
        assert!(Dialect::EARLIER.contains(&dialect) && !Dialect::ALL.contains(&dialect), "{dialect}");
        assert!(dialect.name().starts_with(later.name()), "{dialect}");
    }
    assert_eq!(Dialect::EARLIER.len(), 5);
}

#[test]
fn no_server_speaks_a_dialect_of_earlier_servers() {
    let limits = wire::Limits { message: 8192, ended: false };
    for dialect in Dialect::EARLIER {
        for first in 0..=u8::MAX {
            assert_eq!(dialect.server().detect(&[first], limits), wire::Detection::No, "{dialect}");
        }
        assert!(dialect.server().request(&mut [1], &mut crate::bet::Spans::default()).is_err(), "{dialect}");
    }
}
