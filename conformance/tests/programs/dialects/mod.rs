//! Real programs in every dialect: a single bet, the health check, and whole lotteries.

mod lottery;

use std::fs;
use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use conformance::agency_files::{File, stored};
use lottery::{Lottery, count, fails, parrot, succeeds};
use rustix::process::Signal;

use crate::support::peer::connect;
use crate::support::{Process, SOON, client};

on_every_runtime!(
    a_single_bet_is_stored_in_every_dialect,
    an_invalid_single_bet_is_rejected,
    a_health_check_gets_its_lines_back,
    a_failed_health_check_is_an_error,
    a_line_sent_by_hand_comes_back,
    a_dialect_that_is_switched_off_is_rejected,
    batches_have_the_number_of_bets_that_is_set,
    names_that_a_dialect_cannot_carry_are_not_sent,
    agencies_of_several_dialects_share_a_draw,
    agencies_of_dialects_without_winners_send_their_bets,
    agencies_of_earlier_servers_work_with_this_one,
);

const DIALECTS: [&str; 4] = ["block", "fixed", "framed", "braces"];

fn a_single_bet_is_stored_in_every_dialect(runtime: &'static str) {
    let lottery = Lottery::start(runtime, &[]);
    let mut expected = Vec::new();
    for (nth, dialect) in (1_usize..).zip(["session", "block", "fixed", "framed", "braces"]) {
        // Dialects with a message for a single bet, which has a log line of its own.
        let alone = matches!(dialect, "session" | "block");
        let (by_flag, by_variable) = (format!("2000000{nth}"), format!("3000000{nth}"));
        let mut flags = lottery.client(1, &["bet", "--dialect", dialect]);
        flags.args(["--first-name", "Ana María", "--last-name", "Núñez", "--document", &by_flag]);
        flags.args(["--birthdate", "1980-01-01", "--number", "7574"]);
        // Flags take precedence over the environment.
        flags.env("NOMBRE", "Eva").env("NUMERO", "1");
        let mut variables = lottery.client(1, &["bet"]);
        // Sessions are the default.
        if dialect != "session" {
            variables.env("CLI_DIALECT", dialect);
        }
        let fields = ["NOMBRE", "APELLIDO", "DOCUMENTO", "NACIMIENTO", "NUMERO"];
        let values = ["Santiago Lionel", "Lorca", &by_variable, "1999-03-17", "0042"];
        variables.envs(fields.into_iter().zip(values));
        for (mut client, document, number) in [(flags, &by_flag, 7574), (variables, &by_variable, 42)] {
            let sent =
                format!("action: apuesta_enviada | result: success | dni: {document} | numero: {number}");
            let lines = succeeds(&mut client);
            assert_eq!(count(&lines, &sent), 1, "{dialect}: {lines:#?}");
            if alone {
                let kept =
                    format!("apuesta_almacenada | result: success | dni: {document} | numero: {number}");
                lottery.server.line(&kept);
            }
        }
        expected.push(format!("Ana María,Núñez,{by_flag},1980-01-01,7574"));
        expected.push(format!("Santiago Lionel,Lorca,{by_variable},1999-03-17,42"));
        // In a dialect without a reply the client is done before the bet is stored.
        let stored = "apuesta_recibida | result: success | cantidad: 1";
        let start = Instant::now();
        while count(&lottery.server.lines(0), stored) < 2 * nth.saturating_sub(2) {
            assert!(start.elapsed() < SOON, "{dialect}: {:#?}", lottery.server.lines(0));
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    let (lines, rows) = lottery.end();
    assert_eq!(rows[&1], expected, "{lines:#?}");
    assert_eq!(lines.iter().filter(|line| line.contains("apuesta_almacenada")).count(), 4, "{lines:#?}");
}

fn an_invalid_single_bet_is_rejected(runtime: &'static str) {
    let lottery = Lottery::start(runtime, &["--agencies", "1"]);
    let bet = |dialect: &str, fields: [&str; 5]| {
        let mut client = lottery.client(1, &["bet", "--dialect", dialect]);
        let names = ["--first-name", "--last-name", "--document", "--birthdate", "--number"];
        for (name, field) in names.into_iter().zip(fields) {
            client.args([name, field]);
        }
        client
    };
    let good = ["Ana", "Paz", "20000001", "1980-01-01", "7574"];
    for (dialect, at, text, problem) in [
        ("block", 0, "A|na", "first_name: '|' cannot be sent in this dialect"),
        ("framed", 1, "P;z", "last_name: ';' cannot be sent in this dialect"),
        ("braces", 1, "P{z", "last_name: '{' cannot be sent in this dialect"),
        ("fixed", 2, "123456789", "document: wider than the 8 characters that this dialect has for it"),
        ("fixed", 4, "10000", "number: wider than the 4 characters that this dialect has for it"),
        ("block", 3, "1981-02-29", "birthdate: expected a date, YYYY-MM-DD"),
        ("framed", 2, "2000000a", "document: expected decimal digits"),
    ] {
        let mut fields = good;
        fields[at] = text;
        fails(&mut bet(dialect, fields), 1, problem);
    }
    let mut missing = lottery.client(1, &["bet", "--first-name", "Ana", "--document", "20000001"]);
    missing.args(["--birthdate", "1980-01-01", "--number", "7574"]);
    fails(&mut missing, 1, "no bet: --last-name (APELLIDO, CLI_BET_SURNAME, CLI_TESTBET_SURNAME) is not set");
    // The server rejects it: the agency is finished.
    succeeds(&mut lottery.agency(&File::invented(1, 0), &[]));
    for (dialect, reason) in
        [("block", ""), ("framed", ": the agency is finished"), ("braces", ": the agency is finished")]
    {
        fails(&mut bet(dialect, good), 1, &format!("the server refused the bet{reason}"));
    }
    assert!(lottery.end().1.is_empty());
}

fn a_health_check_gets_its_lines_back(runtime: &'static str) {
    for prefix in ["", "Your Message has been received: "] {
        let lottery = Lottery::start(runtime, &["--echo-prefix", prefix]);
        fs::write(lottery.path("config.yaml"), "loop:\n  amount: 4\n  period: 120ms\n").unwrap();
        let start = Instant::now();
        let lines = succeeds(&mut lottery.client(3, &["echo"]));
        assert!(start.elapsed() >= Duration::from_millis(360), "three pauses");
        let of = |line: &&String| line.contains("receive_message") || line.contains("loop_finished");
        let seen: Vec<&str> =
            lines.iter().filter(of).map(|line| &line[line.find("action").unwrap()..]).collect();
        let message = |nth| {
            format!(
                "action: receive_message | result: success | client_id: 3 | msg: {prefix}[CLIENT 3] Message N°{nth}"
            )
        };
        let mut expected: Vec<String> = (1..=4).map(message).collect();
        expected.push("action: loop_finished | result: success | client_id: 3".to_owned());
        assert_eq!(seen, expected);
        let (lines, _) = lottery.end();
        for nth in 1..=4 {
            let line = format!(
                "receive_message | result: success | ip: 127.0.0.1 | msg: [CLIENT 3] Message N°{nth}"
            );
            assert_eq!(count(&lines, &line), 1, "{lines:#?}");
        }
    }
}

fn a_failed_health_check_is_an_error(runtime: &'static str) {
    let lottery = Lottery::start(runtime, &["--dialects", "block"]);
    let (code, stdout, stderr) = Process::start(&mut lottery.client(1, &["echo"])).end(SOON);
    assert_eq!((code, stderr.len()), (Some(1), 1), "{stdout:#?}");
    let ended = format!("error: the connection to {} ended: ", lottery.address);
    assert!(stderr[0].starts_with(&ended), "it is not spoken here: {stderr:#?}");
    assert!(!stdout.iter().any(|line| line.contains("loop_finished")), "{stdout:#?}");
    let dir = lottery.path("");
    for wrong in ["[CLIENT 1] Message N°2\n", "hello\n", "\n"] {
        let (address, parrot) = parrot(wrong.as_bytes());
        let mut echo = client(runtime, &dir, 1, address);
        let shown = wrong.trim_end();
        let expected = format!("sent \"[CLIENT 1] Message N°1\", received {shown:?}");
        fails(echo.args(["echo", "--loop-amount", "2"]), 1, &expected);
        assert_eq!(parrot.join().unwrap(), "[CLIENT 1] Message N°1\n");
    }
}

fn a_line_sent_by_hand_comes_back(runtime: &'static str) {
    let lottery = Lottery::start(runtime, &[]);
    for (line, answer) in [("hello\n", "hello\n"), ("hola, ¿qué tal?\r\n", "hola, ¿qué tal?\n")] {
        let mut socket = connect(lottery.address);
        socket.write_all(line.as_bytes()).unwrap();
        let mut answered = String::new();
        socket.read_to_string(&mut answered).unwrap();
        assert_eq!(answered, answer);
    }
    lottery.server.line("receive_message | result: success | ip: 127.0.0.1 | msg: hello");
    lottery.end();
}

fn a_dialect_that_is_switched_off_is_rejected(runtime: &'static str) {
    let lottery = Lottery::start(runtime, &["--agencies", "2", "--dialects", "framed,braces"]);
    let files = [File::invented(1, 30), File::invented(2, 40)];
    let (what, reason) = ("to count this agency as finished", "this dialect is not spoken here");
    let ask = "the command winners asks for the winners of an agency that has finished";
    let rejected = format!("the server refused {what}: {reason}; {ask}");
    fails(&mut lottery.agency(&files[0], &["--dialect", "fixed"]), 1, &rejected);
    let mut block = lottery.agency(&files[0], &["--dialect", "block"]);
    let (code, _, stderr) = Process::start(&mut block).end(SOON);
    assert_eq!((code, stderr.len()), (Some(1), 1), "{stderr:#?}");
    assert!(stderr[0].starts_with("error: the connection to "), "{stderr:#?}");
    let first = Process::start(&mut lottery.agency(&files[0], &["--dialect", "framed"]));
    succeeds(&mut lottery.agency(&files[1], &["--dialect", "braces"]));
    assert_eq!(first.end(SOON).0, Some(0));
    for file in &files {
        lottery.check_winners(file);
    }
    let (lines, rows) = lottery.end();
    for dialect in ["fixed", "block"] {
        let line = format!("reason: the peer speaks {dialect}, which is not spoken here");
        assert_eq!(count(&lines, &line), 1, "{lines:#?}");
    }
    assert!(rows == stored(&files), "nothing else");
}

fn batches_have_the_number_of_bets_that_is_set(runtime: &'static str) {
    let file = File::invented(1, 20);
    for dialect in DIALECTS {
        let lottery = Lottery::start(runtime, &["--agencies", "1"]);
        succeeds(&mut lottery.agency(&file, &["--dialect", dialect, "--batch-max-amount", "7"]));
        lottery.check_winners(&file);
        let (lines, rows) = lottery.end();
        let batches =
            lines.iter().filter_map(|line| line.split("apuesta_recibida | result: success | ").nth(1));
        assert_eq!(batches.collect::<Vec<_>>(), ["cantidad: 7", "cantidad: 7", "cantidad: 6"], "{dialect}");
        assert!(rows == stored(std::slice::from_ref(&file)), "{dialect}");
    }
}

fn names_that_a_dialect_cannot_carry_are_not_sent(runtime: &'static str) {
    let lottery = Lottery::start(runtime, &[]);
    for (dialect, line, problem) in [
        ("block", "A|na,Paz,1,1980-01-01,1", "first_name: '|' cannot be sent in this dialect"),
        ("framed", "Ana,P;z,1,1980-01-01,1", "last_name: ';' cannot be sent in this dialect"),
        ("braces", "Ana,P:z,1,1980-01-01,1", "last_name: ':' cannot be sent in this dialect"),
        ("braces", "\"Ana, Eva\",Paz,1,1980-01-01,1", "first_name: ',' cannot be sent in this dialect"),
        (
            "fixed",
            "Ana ,Paz,1,1980-01-01,1",
            "first_name: ends with a space, which this dialect takes for padding",
        ),
        (
            "fixed",
            "Ana,Paz,01,1980-01-01,1",
            "document: begins with a zero, which this dialect takes for padding",
        ),
        (
            "fixed",
            "Ana,Ñandú Ñandú Ñandú Ñandú Ñandú Ñ,1,1980-01-01,1",
            "last_name: wider than the 30 characters that this dialect has for it",
        ),
        (
            "fixed",
            "Ana,Paz,123456789,1980-01-01,1",
            "document: wider than the 8 characters that this dialect has for it",
        ),
    ] {
        let mut file = File::invented(1, 300);
        file.text += line;
        fails(
            &mut lottery.agency(&file, &["--dialect", dialect]),
            1,
            &format!("agency-1.csv: line 301: {problem}"),
        );
    }
    let expected = "expected block or session or fixed or framed or braces or short or columns or line or bare \
                    or block-6 or block-7 or fixed-6 or framed-6 or braces-7";
    for dialect in ["echo", "Block", "morse"] {
        let file = File::invented(1, 3);
        fails(
            &mut lottery.agency(&file, &["--dialect", dialect]),
            2,
            &format!("--dialect: {dialect:?}: {expected}"),
        );
    }
    let (lines, rows) = lottery.end();
    assert!(rows.is_empty() && !lines.iter().any(|line| line.contains("accept_connections")), "{lines:#?}");
}

fn agencies_of_several_dialects_share_a_draw(runtime: &'static str) {
    let lottery = Lottery::start(runtime, &[]);
    let files: Vec<File> =
        [300, 257, 120, 421, 333].into_iter().zip(1..).map(|(bets, id)| File::invented(id, bets)).collect();
    let manners: [&[&str]; 5] = [
        &["--dialect", "block"],
        &["--dialect", "fixed"],
        &["--dialect", "framed"],
        &["--dialect", "braces"],
        &["--dialect", "fixed", "--batch-max-amount", "7"],
    ];
    let agencies: Vec<Process> = files
        .iter()
        .zip(manners)
        .map(|(file, manner)| Process::start(&mut lottery.agency(file, manner)))
        .collect();
    for (agency, file) in agencies.into_iter().zip(&files) {
        let (code, stdout, stderr) = agency.end(3 * SOON);
        assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{stdout:#?}");
        let sent = format!(
            "apuestas_enviadas | result: success | client_id: {} | cantidad: {}",
            file.agency,
            file.lines().len()
        );
        let won = format!("consulta_ganadores | result: success | cant_ganadores: {}", file.winners().len());
        assert_eq!((count(&stdout, &sent), count(&stdout, &won)), (1, 1), "{stdout:#?}");
        lottery.check_winners(file);
    }
    let (lines, rows) = lottery.end();
    assert_eq!(count(&lines, "action: sorteo | result: success"), 1, "{lines:#?}");
    assert!(rows == stored(&files), "every bet, in order");
}

fn agencies_of_dialects_without_winners_send_their_bets(runtime: &'static str) {
    let lottery = Lottery::start(runtime, &[]);
    let dialects = ["short", "columns", "line", "bare"];
    let files: Vec<File> = (1..=4).map(|id| File::winning(id, 7)).collect();
    for (file, dialect) in files.iter().zip(dialects) {
        fails(
            &mut lottery.agency(file, &["--dialect", dialect]),
            2,
            &format!("{dialect} carries bets only: there are no winners for --winners"),
        );
        let bets = format!("agency-{}.csv", file.agency);
        let lines = succeeds(&mut lottery.client(file.agency, &["--bets", &bets, "--dialect", dialect]));
        let sent = format!("apuestas_enviadas | result: success | client_id: {} | cantidad: 7", file.agency);
        assert_eq!(count(&lines, &sent), 1, "{dialect}: {lines:#?}");
        let holding = |text: &str| lines.iter().filter(|line| line.contains(text)).count();
        assert_eq!(holding("action: skip_winners | result: success"), 1, "{dialect}: {lines:#?}");
        assert_eq!(holding("consulta_ganadores"), 0, "{dialect}: {lines:#?}");
        let connections = if dialect == "bare" { 1 } else { 7 };
        assert_eq!(holding("action: connect | result: in_progress"), connections, "{dialect}: {lines:#?}");
        fails(
            &mut lottery.client(file.agency, &["winners", "--dialect", dialect]),
            1,
            &format!(
                "{dialect} cannot ask for the winners of one agency: it carries bets only; ask in another dialect, \
                 such as block"
            ),
        );
    }
    // An agency that has finished: its bets are rejected from the first on, and the error says what is left.
    let file = File::winning(5, 7);
    fs::write(lottery.path("agency-5.csv"), &file.text).unwrap();
    let agency = Process::start(&mut lottery.client(5, &["--bets", "agency-5.csv", "--dialect", "block"]));
    agency.line("action: apuestas_enviadas | result: success");
    for (dialect, reason) in [
        (
            "short",
            "line 1: the connection was closed without a reply (a rejection in this dialect, unless it was lost); \
             6 of 7 bets are left, 1 was sent and not confirmed",
        ),
        (
            "columns",
            "line 1: the connection was reset without a reply (a rejection in this dialect, unless it was lost); \
             6 of 7 bets are left, 1 was sent and not confirmed",
        ),
        ("line", "line 1: the agency is finished"),
        ("bare", "lines 1 to 7: the agency is finished"),
    ] {
        fails(
            &mut lottery.client(5, &["--bets", "agency-5.csv", "--dialect", dialect]),
            1,
            &format!("the server refused a batch: agency-5.csv: {reason}"),
        );
    }
    agency.stop(Signal::TERM);
    let (_, rows) = lottery.end();
    assert!(rows == stored(&[&files[..], &[file]].concat()), "every bet once, in order");
}

fn agencies_of_earlier_servers_work_with_this_one(runtime: &'static str) {
    let lottery = Lottery::start(runtime, &[]);
    let files: Vec<File> = (1..=5).map(|id| File::invented(id, 120)).collect();
    let agency = |file: &File, dialect| Process::start(&mut lottery.agency(file, &["--dialect", dialect]));
    let asking = [agency(&files[0], "block-7"), agency(&files[1], "braces-7")];
    for (file, dialect, finishes) in
        [(&files[2], "block-6", true), (&files[3], "fixed-6", true), (&files[4], "framed-6", false)]
    {
        fs::write(lottery.path("bets.csv"), &file.text).unwrap();
        let flags = ["--bets", "bets.csv", "--dialect", dialect];
        let lines = succeeds(&mut lottery.client(file.agency, &flags));
        let skipped = lines.iter().filter(|line| line.contains("action: skip_winners")).count();
        assert_eq!(skipped, 1, "{dialect}: {lines:#?}");
        let mut again = lottery.client(file.agency, &["winners", "--dialect", dialect]);
        let error = format!("{dialect} cannot ask for the winners of one agency: it carries bets only");
        let (code, _, stderr) = Process::start(&mut again).end(SOON);
        assert!(code == Some(1) && stderr[0].contains(&error), "{dialect}: {stderr:#?}");
        if !finishes {
            // It says so in another dialect, without bets and without a question.
            let flags = ["--bets", "/dev/null", "--dialect", "block-6"];
            succeeds(&mut lottery.client(file.agency, &flags));
        }
    }
    for (agency, file) in asking.into_iter().zip(&files) {
        let (code, stdout, stderr) = agency.end(3 * SOON);
        assert_eq!((code, &stderr[..]), (Some(0), &[][..]), "{stdout:#?}");
        lottery.check_winners(file);
    }
    let (_, rows) = lottery.end();
    assert!(rows == stored(&files), "every bet, in order");
}
