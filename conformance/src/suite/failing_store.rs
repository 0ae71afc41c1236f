//! Store that fails: the program ends by itself, and no bet is acknowledged.

use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::StoppableRuntime;
use crate::agency_files::File;
use crate::dialects::codec;
use crate::raw::Raw;
use crate::server::ServerSettings;
use crate::stores::BrokenStore;
use crate::time_limits::{END, SOON, Task};
use lottery_core::commit_queue::CommitQueue;
use lottery_core::committer::{self, Committer};
use lottery_core::lottery_service::LotteryService;
use lottery_runtime::Serve;
use lottery_runtime::sockets::listen;

pub fn a_failed_store_ends_the_program<Server: StoppableRuntime>() {
    for &dialect in crate::PLAIN {
        let codec = codec(dialect);
        let terms = ServerSettings::new(2);
        let listener = listen((Ipv4Addr::LOCALHOST, 0).into(), 128).expect("a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let mut committer = Committer::open(BrokenStore, terms.rules()).expect("it can be read");
        let commit_queue = Arc::new(CommitQueue::new(terms.commit_queue));
        let service =
            LotteryService::new(terms.config.clone(), Arc::clone(&commit_queue), terms.max_connections);
        let (stop, requests) = (service.stop(), Arc::clone(&commit_queue));
        let committing = Task::start("the committer", move || {
            let result = committer::run(&mut committer, &requests);
            stop.stop();
            result
        });
        let serving = Task::start("the server", move || Server::PROGRAM.serve(listener, Arc::new(service)));

        let mut idle = Raw::connect(address);
        let mut peer = Raw::connect(address);
        peer.send(&[codec.batch(1, &File::invented(1, 30).lines()), codec.finished(1)].concat());
        let answer = peer.receive_all();
        let positive = |yes: Vec<u8>| !yes.is_empty() && answer.windows(yes.len()).any(|part| part == yes);
        assert!(!positive(codec.batch_stored()), "{dialect}: a refusal, or an end");
        assert!(!positive(codec.receipt(1)), "{dialect}: a refusal, or an end");
        assert_eq!(idle.receive_all(), b"", "{dialect}: a clean end");
        drop((idle, peer));
        serving.join(SOON).expect("the server has nothing to complain about");
        assert!(committing.join(END).is_err(), "{dialect}: the store has failed");
    }
}
