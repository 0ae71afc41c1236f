//! Finished of a client whose bets were rejected, or of another agency than its bets.

use lottery_proto::server::{Event, RejectedBy};
use lottery_proto::{CloseReason, Code, Failure};
use lottery_testkit::{ServerEvent, accept_next, at, framed, give, reject_next, server_events, take};

use crate::support::{
    BRACES_BATCH, End, FIXED_BATCH, FRAMED_BATCH, FRAMED_STORED, accept_all, close_reason, outcome,
    server_given, utf8,
};

#[test]
fn finished_of_another_agency_than_the_bets_is_rejected() {
    let mut server = server_given(format!("{FIXED_BATCH}F00002"));
    assert!(accept_next(&mut server, at(0), None));
    let (error, reply, end) = outcome(&mut server);
    assert_eq!((&error[..], end), ("agency 2, expected 1 (at byte 0)", End::Closed));
    assert_eq!(reply, b"E00032agency 2, expected 1 (at byte 0)");

    let mut server = server_given(BRACES_BATCH);
    assert!(accept_next(&mut server, at(0), None));
    assert_eq!(take(&mut server, at(0)), b"ACK_CHUNK;");
    for other in ["N{AgencyID:2};", "Q{AgencyID:2};", "N{AgencyID:6};"] {
        give(&mut server, at(0), other.as_bytes());
        let (error, reply, end) = outcome(&mut server);
        assert_eq!(end, End::Open);
        assert_eq!(utf8(reply), format!("ERROR:{error};"));
    }
    // Finished of its own agency still counts.
    give(&mut server, at(0), b"N{AgencyID:1};");
    assert_eq!(accept_all(&mut server, None), "ACK_NOTIFY;");

    let mut server = server_given(FRAMED_BATCH);
    assert!(accept_next(&mut server, at(0), None));
    assert_eq!(take(&mut server, at(0)), FRAMED_STORED);
    give(&mut server, at(0), FRAMED_BATCH.replacen("1;2", "2;2", 1).as_bytes());
    let (error, reply, end) = outcome(&mut server);
    assert_eq!((&error[..], end), ("agency 2, expected 1 (at byte 0)", End::Open));
    assert_eq!(reply, framed(format!("error;{error}")));
    assert_eq!(server.agency().unwrap().get(), 1);
}

#[test]
fn finished_after_a_rejected_batch_is_rejected() {
    let failure = Failure { code: Code::Storage, text: "the disk is full" };
    let earlier = "bets that were sent before were refused";
    for by_application in [true, false] {
        let spoilt =
            |batch: &str| if by_application { batch.into() } else { batch.replace("1980-01", "1980-13") };

        // Bets that name the agency and bets that do not, each with and without END in the same read.
        for body in [spoilt(FRAMED_BATCH), "000000041;x\n".to_string()] {
            for glued in [false, true] {
                let mut server =
                    server_given(if glued { format!("{body}00000003END") } else { body.clone() });
                if by_application && body.len() > 20 {
                    reject_next(&mut server, at(0), failure);
                } else {
                    assert!(matches!(server.poll_event(), Some(Event::Rejected { .. })));
                }
                let reply = utf8(take(&mut server, at(0)));
                assert!(reply[8..].starts_with("error;"), "{reply}");
                if !glued {
                    give(&mut server, at(0), &framed("END"));
                }
                let agency = server.agency().map_or(0, lottery_proto::AgencyId::get);
                assert_eq!(
                    server_events(&mut server),
                    [ServerEvent::Rejected(agency, RejectedBy::EarlierBets)]
                );
                assert!(take(&mut server, at(0)).is_empty(), "it would be taken for winners");
                assert!(server.poll_io().unwrap().fin);
                assert_eq!(close_reason(&mut server), CloseReason::Rejected);
            }
        }

        let mut server = server_given(spoilt(BRACES_BATCH) + "N{AgencyID:1};Q{AgencyID:1};");
        if by_application {
            reject_next(&mut server, at(0), failure);
        } else {
            assert!(matches!(server.poll_event(), Some(Event::Rejected { .. })));
        }
        assert!(matches!(server.poll_event(), Some(Event::Rejected { error: RejectedBy::EarlierBets, .. })));
        assert!(accept_next(&mut server, at(0), None));
        let reply = utf8(take(&mut server, at(0)));
        assert!(reply.ends_with(&format!(";ERROR:{earlier};W;")), "{reply}");

        // `fixed` closes at once: its F is not even read.
        let mut server = server_given(spoilt(FIXED_BATCH) + "F00001");
        if by_application {
            reject_next(&mut server, at(0), failure);
        }
        assert!(server.poll_event().is_none());
        let reply = utf8(take(&mut server, at(0)));
        assert!(reply.starts_with('E'), "{reply}");
        assert!(server.poll_io().unwrap().fin);
        assert!(matches!(close_reason(&mut server), CloseReason::Rejected | CloseReason::Peer(_)));
    }
}
