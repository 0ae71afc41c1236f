//! Clients whose server replies the worst.

use lottery_proto::{AgencyId, Client, ClientConfig, Input};
use lottery_testkit::{ANA, at, bet};

use crate::ALLOCATOR;
use crate::inputs::worst_answers;

/// Returns the most bytes that a client took from the allocator while it was sent these replies over and
/// over; it sends all that it may, its events are taken or not, and little of what it sends is read.
fn peak_of_client(config: &ClientConfig, bytes: &[u8], takes_events: bool) -> usize {
    let bets = vec![bet(ANA); 12_000];
    let mut stream = bytes.iter().cycle().take(2 * config.max_answer());
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let mut client = Client::new(config.clone(), at(0));
    loop {
        while client.ask_winners(at(0)).is_ok() {}
        while client.send_bet(at(0), &bets[0]).is_ok() || client.send_batch(at(0), &bets).is_ok() {}
        let _ = client.send_line(at(0), "hola");
        let Some(io) = client.poll_io() else { break };
        let n = io.recv.iter_mut().zip(stream.by_ref()).map(|(to, from)| *to = *from).count();
        client.handle(at(0), Input::Received(n));
        while takes_events && client.poll_event().is_some() {}
        assert!(client.memory() <= config.max_memory());
        let (unsent, wanted) = (client.unsent(), config.max_unsent() - 1);
        if unsent > wanted {
            // Enough is read to let more be sent, and too little to let its memory be reused.
            client.handle(at(0), Input::Sent((unsent - wanted).min(unsent / 2 - 1)));
        }
        if n == 0 {
            break;
        }
    }
    ALLOCATOR.peak_usage() - before + size_of::<Client>()
}

pub(crate) fn never_takes_more_memory_than_is_documented() {
    let mut highest = 0;
    for (max_message, max_unsent) in [(1024 * 1024, 64 * 1024), (8192, 8192), (100_000, 300_000)] {
        for (dialect, bytes) in worst_answers() {
            let config = ClientConfig::builder(AgencyId::new(1).unwrap(), dialect);
            let config = config.max_message(max_message).max_answer(max_message).max_unsent(max_unsent);
            let config = config.build().unwrap();
            for takes_events in [true, false] {
                let (peak, most) = (peak_of_client(&config, &bytes, takes_events), config.max_memory());
                assert!(
                    peak <= most,
                    "{dialect}, {takes_events}: {peak} bytes, more than {most}, of {:?}",
                    bytes.len()
                );
                highest = highest.max(peak * 100 / most);
            }
        }
    }
    println!("a client: {highest} % of what is documented");
    assert!(highest > 33, "{highest} %");
}
