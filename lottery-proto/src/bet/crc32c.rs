//! CRC-32C (Castagnoli) by tables, eight bytes at a time.

/// The polynomial 0x1EDC6F41, reflected.
const POLYNOMIAL: u32 = 0x82F6_3B78;

/// Tables of the remainders of a byte that is followed by 0, 1, … 7 others.
static TABLES: [[u32; 256]; 8] = tables();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which checks it")]
#[expect(clippy::cast_possible_truncation, reason = "below 256")]
const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let (mut crc, mut bit) = (byte as u32, 0);
        while bit < 8 {
            crc = (crc >> 1) ^ (POLYNOMIAL & 0_u32.wrapping_sub(crc & 1));
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut table = 1;
    while table < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[table - 1][byte];
            tables[table][byte] = (before >> 8) ^ tables[0][(before & 0xFF) as usize];
            byte += 1;
        }
        table += 1;
    }
    tables
}

/// Extends the CRC-32C of some bytes by more of them; that of none is 0.
pub(super) fn append(crc: u32, bytes: &[u8]) -> u32 {
    let remainder = |table: &[u32; 256], byte: u8| table.get(usize::from(byte)).copied().unwrap_or_default();
    let (words, rest) = bytes.as_chunks::<8>();
    let crc = words.iter().fold(!crc, |crc, word| {
        let word = (u64::from_le_bytes(*word) ^ u64::from(crc)).to_le_bytes();
        TABLES.iter().rev().zip(word).fold(0, |crc, (table, byte)| crc ^ remainder(table, byte))
    });
    let [table, ..] = &TABLES;
    !rest.iter().fold(crc, |crc, byte| {
        let [low, ..] = (crc ^ u32::from(*byte)).to_le_bytes();
        (crc >> 8) ^ remainder(table, low)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_that_of_the_catalogues_in_any_pieces() {
        assert_eq!(append(0, b"123456789"), 0xE306_9283);
        assert_eq!(append(0, b""), 0);
        let bytes: [u8; 99] = core::array::from_fn(|nth| u8::try_from(nth * 37 % 251).expect("below 251"));
        let bit_by_bit = !bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (POLYNOMIAL * (crc & 1)))
        });
        for cut in 0..=bytes.len() {
            let (before, behind) = bytes.split_at(cut);
            assert_eq!(append(append(0, before), behind), bit_by_bit, "{cut}");
        }
    }
}
