//! Sample bets, and bets as text.

use lottery_proto::Bet;

/// Payload of a bet.
pub const ANA: &str = "Ana|Paz|20000001|1980-01-01|7574";
/// Payload of a bet with letters outside of ASCII.
pub const JOSE: &str = "José María|de la Cruz|20000003|2000-02-29|8";

/// Parses a payload as a bet.
pub fn bet(payload: &str) -> Bet<'_> {
    let fields: Vec<&str> = payload.split('|').collect();
    Bet::new([fields[0], fields[1], fields[2], fields[3], fields[4]]).expect("a valid bet")
}

/// Returns a bet's payload.
pub fn text(bet: &Bet<'_>) -> String {
    let names = format!("{}|{}", bet.first_name(), bet.last_name());
    format!("{names}|{}|{}|{}", bet.document(), bet.birthdate(), bet.number())
}
