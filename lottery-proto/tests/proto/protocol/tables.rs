//! Numbers in the document's tables are those of the code.

use std::time::Duration;

use lottery_proto::{AgencyId, Dialect, MAX_DOCUMENT, MAX_NAME, ServerConfig, block};

use super::document::{document, table};

#[test]
fn limits_are_those_of_the_code() {
    let document = document();
    let config = ServerConfig::builder(5).build().unwrap();
    let limits = [
        ("agencies", config.agencies().to_string()),
        ("greatest agency number", AgencyId::MAX.to_string()),
        ("greatest agency number of `block` and `short`", block::MAX_AGENCY.to_string()),
        ("name", format!("{MAX_NAME} bytes")),
        ("document", format!("{MAX_DOCUMENT} digits")),
        ("greatest number of a bet", u32::MAX.to_string()),
        ("block", format!("{} bytes", block::BLOCK_SIZE)),
        ("line of `echo`, without its end", "8192 bytes".to_owned()),
        ("message", format!("{} bytes", config.max_message())),
        ("window of a session", format!("{} batches", config.window().batches)),
        ("… and of its bytes", format!("{} bytes", config.window().bytes)),
        ("requests without a reply", config.max_in_flight().to_string()),
        ("bytes of replies not yet taken", (64 * 1024).to_string()),
    ];
    let shown = table(&document, "| limit | value | set by |");
    for (limit, value) in limits {
        assert!(shown.iter().any(|row| row[0] == limit && row[1] == value), "{limit}: {value}, {shown:?}");
    }
}

#[test]
fn deadlines_are_those_of_the_code() {
    let document = document();
    let config = ServerConfig::builder(5).build().unwrap();
    let seconds = |time: Duration| format!("{} s", time.as_secs());
    let message = config.message_timeout();
    let deadlines = [
        ("`idle`", seconds(config.idle_timeout())),
        (
            "`message`",
            format!(
                "{}, and 1 s more for each 100 bytes that have come, up to {}",
                seconds(message),
                seconds(30 * message)
            ),
        ),
        ("`line`", format!("{} ms", config.line_timeout().as_millis())),
        ("`stall`", seconds(config.stall_timeout())),
        ("`reply`", seconds(config.reply_timeout())),
        ("`linger`", seconds(config.linger_timeout())),
    ];
    let shown = table(&document, "| deadline | runs | default | and then |");
    let shown: Vec<(&str, &str)> = shown.iter().map(|row| (row[0].as_str(), row[2].as_str())).collect();
    let expected: Vec<(&str, &str)> = deadlines.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(shown, expected);
}

#[test]
fn dialects_behave_as_the_document_says() {
    let document = document();
    let names: Vec<String> = Dialect::ALL.iter().map(|dialect| format!("`{dialect}`")).collect();
    let head = &format!("| | {} |", names.join(" | "));
    let shown = table(&document, head);
    let row = |name: &str| {
        let row = shown.iter().find(|row| row[0] == name);
        row.unwrap_or_else(|| panic!("no row {name:?}"))[1..].to_vec()
    };
    let of_all = |value: &dyn Fn(Dialect) -> String| -> Vec<String> {
        let value = |dialect: &Dialect| {
            if dialect.profile().has_lines { "–".to_owned() } else { value(*dialect) }
        };
        Dialect::ALL.iter().map(value).collect()
    };
    let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    assert_eq!(
        row("bets in a batch, if nothing else is asked for"),
        of_all(&|dialect| dialect.profile().batch_bets.to_string())
    );
    assert_eq!(row("agencies"), of_all(&|dialect| format!("up to {}", dialect.max_agency())));
    assert_eq!(
        row("lost connections can be made good"),
        of_all(&|dialect| yes(dialect.profile().has_sessions))
    );
    let waits = row("the client waits for each reply before it goes on");
    let expected: Vec<String> =
        Dialect::ALL.iter().map(|dialect| yes(dialect.profile().waits_for_answers)).collect();
    assert_eq!(waits, expected);
    assert_eq!(
        row("an agency can finish and ask for winners"),
        of_all(&|dialect| yes(dialect.profile().has_finished))
    );
    let one: Vec<String> = Dialect::ALL.iter().map(|dialect| yes(dialect.profile().one_message)).collect();
    assert_eq!(row("a connection carries one message"), one);
}
