//! Replies that come long after their request, from another connection.

use crate::StoppableRuntime;
use crate::agency_files::File;
use crate::client::RunningClient;
use crate::holding::Holding;
use crate::serving::Serving;
use crate::time_limits::until;
use lottery_core::client::LotteryClient;
use lottery_proto::ServerConfig;

pub fn the_last_agency_releases_all_replies<Server: StoppableRuntime, Client: StoppableRuntime>() {
    for &dialect in crate::PLAIN {
        let files: Vec<File> = (1..=5).map(|agency| File::invented(agency, 100 * agency)).collect();
        let service = Holding::new(ServerConfig::builder(5).build().unwrap());
        let server = Serving::start::<Server>(service.clone());
        let start = |file| RunningClient::<LotteryClient>::agency::<Client>(server.address, dialect, file);

        let (last, others) = files.split_last().expect("there are five");
        let mut agencies: Vec<_> = others.iter().map(start).collect();
        until("four agencies wait", || service.held() == 4);
        assert!(
            !agencies.iter().any(RunningClient::has_ended),
            "{dialect}: none is answered before the last"
        );

        agencies.push(start(last));
        for (agency, file) in agencies.into_iter().zip(&files) {
            assert_eq!(agency.winners(), file.winners(), "{dialect}, agency {}", file.agency);
        }
        server.end();
    }
}
