//! The desk: bounded, in order, and closed for good.

use lottery_core::desk::{Asks, Desk};

use crate::support::Seen::{Room, Stored};
use crate::support::{Diary, TestStore, batch, bets, finished, query};

fn agencies(requests: Vec<lottery_core::desk::Request>) -> Vec<u32> {
    let agency = |request: lottery_core::desk::Request| match request.asks {
        Asks::Bet(ticket, _) => ticket.agency().get(),
        Asks::Batch(ticket, _) => ticket.agency().get(),
        Asks::Finished(ticket) => ticket.agency().get(),
        Asks::Winners { ticket, .. } => ticket.agency().get(),
        Asks::Hello(ticket) => ticket.agency().get(),
        Asks::Stranger(_) | Asks::Ended(_) | Asks::Gone(_) => 0,
    };
    requests.into_iter().map(agency).collect()
}

#[test]
fn there_is_room_up_to_the_limit_and_a_notice_when_there_is_again() {
    let desk = Desk::new(3000);
    let (diary, other) = (Diary::default(), Diary::default());
    let mut handed_in = 0;
    while desk.has_room(&diary.mailbox()) {
        desk.submit(diary.request(batch(1, &bets(1, 0, 10)))).unwrap();
        handed_in += 1;
    }
    assert!((3..=8).contains(&handed_in), "{handed_in} batches of more than 300 bytes");
    assert!(!desk.has_room(&other.mailbox()));
    // It bounds what is offered, and does not refuse what is brought all the same.
    desk.submit(diary.request(query(2))).unwrap();
    assert_eq!((diary.take(), other.take()), (vec![], vec![]), "nobody has taken anything");
    assert_eq!(desk.take(usize::MAX).unwrap().len(), handed_in + 1);
    assert_eq!((diary.take(), other.take()), (vec![Room], vec![Room]), "each is told once");
    assert!(desk.has_room(&diary.mailbox()));
    desk.submit(diary.request(query(1))).unwrap();
    desk.take(usize::MAX).unwrap();
    assert_eq!((diary.take(), other.take()), (vec![], vec![]), "nobody waits");
}

#[test]
fn a_desk_for_nothing_has_no_room_and_nothing_is_taken_of_nothing() {
    let (desk, diary) = (Desk::new(0), Diary::default());
    assert!(!desk.has_room(&diary.mailbox()));
    desk.submit(diary.request(query(1))).unwrap();
    assert!(desk.try_take(0).unwrap().is_empty());
    assert_eq!(desk.try_take(1).unwrap().len(), 1);
}

#[test]
fn questions_take_room_too() {
    let desk = Desk::new(10_000);
    let diary = Diary::default();
    let mut handed_in = 0;
    while desk.has_room(&diary.mailbox()) {
        desk.submit(diary.request(query(1))).unwrap();
        handed_in += 1;
        assert!(handed_in < 1000);
    }
}

#[test]
fn requests_are_taken_in_order_and_by_portions() {
    let desk = Desk::new(usize::MAX);
    let diary = Diary::default();
    for agency in 1..=100 {
        let asks = match agency % 3 {
            0 => query(agency % 5 + 1),
            1 => finished(agency % 5 + 1),
            _ => batch(agency % 5 + 1, &bets(1, 0, agency)),
        };
        desk.submit(diary.request(asks)).unwrap();
    }
    let mut taken = Vec::new();
    let mut portions = 0;
    while taken.len() < 100 {
        let portion = agencies(desk.try_take(4000).unwrap());
        assert!(!portion.is_empty(), "one at least");
        taken.extend(portion);
        portions += 1;
    }
    assert!(portions > 10);
    assert_eq!(taken, (1..=100).map(|agency| agency % 5 + 1).collect::<Vec<_>>());
    assert!(desk.try_take(1).unwrap().is_empty());
}

#[test]
fn closed_it_takes_nothing_more_hands_out_what_it_has_and_wakes_who_waits() {
    let desk = Desk::new(1);
    let diary = Diary::default();
    desk.submit(diary.request(query(1))).unwrap();
    assert!(!desk.has_room(&diary.mailbox()));
    desk.close();
    assert_eq!(diary.take(), [Room]);
    assert!(desk.has_room(&diary.mailbox()), "so that whoever comes is refused at once");
    let refused = desk.submit(diary.request(query(3))).unwrap_err();
    assert_eq!(agencies(vec![refused]), [3]);
    assert_eq!(agencies(desk.take(1).unwrap()), [1]);
    assert!(desk.take(1).is_none() && desk.try_take(1).is_none());
    desk.close();
    assert!(desk.take(1).is_none());
}

#[test]
fn a_committer_that_waits_is_woken_by_a_request_and_by_the_end() {
    let store = TestStore::default();
    let (desk, diary) = (Desk::new(1000), store.diary());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| (desk.take(1).map(agencies), desk.take(1).map(agencies)));
        std::thread::sleep(std::time::Duration::from_millis(20));
        desk.submit(diary.request(query(4))).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20));
        desk.close();
        assert_eq!(waiting.join().unwrap(), (Some(vec![4]), None));
    });
    assert!(!diary.take().contains(&Stored(4, 0)));
}
