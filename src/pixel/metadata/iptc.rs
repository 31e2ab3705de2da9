//! IPTC blocks (IIM 4.2): a string of data sets, each with a record, a number and a value.

/// One data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DataSet<'a> {
    pub record: u8,
    pub number: u8,
    pub value: &'a [u8],
}

const MARKER: u8 = 0x1c;
/// The record that says how texts are written, and the one that describes the picture.
const ENVELOPE: u8 = 1;
pub(super) const APPLICATION: u8 = 2;
const CHARACTER_SET: u8 = 90;
const VERSION: u8 = 0;
/// ISO 2022 for UTF-8.
const UTF8: &[u8] = b"\x1b%G";

pub(super) const BY_LINE: u8 = 80;
pub(super) const CREDIT: u8 = 110;
pub(super) const SOURCE: u8 = 115;
pub(super) const COPYRIGHT: u8 = 116;

/// The data sets of a block, up to where it ends or is damaged.
pub(super) fn read(block: &[u8]) -> Vec<DataSet<'_>> {
    let mut sets = Vec::new();
    let mut rest = block;
    while let [MARKER, record, number, high, low, after @ ..] = rest {
        let stated = u16::from_be_bytes([*high, *low]);
        let (len, after) = if stated & 0x8000 == 0 {
            (usize::from(stated), after)
        } else {
            // The length of the length.
            let digits = usize::from(stated & 0x7fff);
            let Some(bytes) = after.get(..digits).filter(|_| digits <= 4) else { break };
            let len = bytes.iter().fold(0, |len, byte| len << 8 | usize::from(*byte));
            (len, &after[digits..])
        };
        let Some(value) = after.get(..len) else { break };
        sets.push(DataSet { record: *record, number: *number, value });
        rest = &after[len..];
    }
    sets
}

/// A block of only those data sets that tell whose the picture is; none when there are none.
pub(super) fn rights(block: &[u8]) -> Option<Vec<u8>> {
    let sets = read(block);
    let ours = |set: &DataSet| {
        set.record == APPLICATION && matches!(set.number, BY_LINE | CREDIT | SOURCE | COPYRIGHT)
    };
    if !sets.iter().any(ours) {
        return None;
    }
    let how = |set: &DataSet| {
        (set.record, set.number) == (ENVELOPE, CHARACTER_SET)
            || (set.record, set.number) == (APPLICATION, VERSION)
    };
    let mut out = Vec::new();
    for set in sets.iter().filter(|set| how(set) || ours(set)) {
        let Ok(len) = u16::try_from(set.value.len()) else { continue };
        if len & 0x8000 != 0 {
            continue;
        }
        out.extend_from_slice(&[MARKER, set.record, set.number]);
        out.extend_from_slice(&len.to_be_bytes());
        out.extend_from_slice(set.value);
    }
    Some(out)
}

/// The texts of a data set number of the application record, in order.
pub(super) fn texts(sets: &[DataSet<'_>], number: u8) -> Vec<String> {
    let utf8 = sets
        .iter()
        .any(|set| (set.record, set.number) == (ENVELOPE, CHARACTER_SET) && set.value == UTF8);
    sets.iter()
        .filter(|set| set.record == APPLICATION && set.number == number)
        .map(|set| text(set.value, utf8))
        .filter(|text| !text.is_empty())
        .collect()
}

/// A value as text: UTF-8 where the block says so or it can be nothing else, ISO 8859-1 otherwise.
fn text(value: &[u8], utf8: bool) -> String {
    let text = match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) if utf8 => String::from_utf8_lossy(value).into_owned(),
        Err(_) => value.iter().map(|byte| char::from(*byte)).collect(),
    };
    text.trim_end_matches(['\0', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(record: u8, number: u8, value: &[u8]) -> Vec<u8> {
        let mut out = vec![MARKER, record, number];
        out.extend((value.len() as u16).to_be_bytes());
        out.extend(value);
        out
    }

    #[test]
    fn texts_are_read_in_their_character_set() {
        let latin = [set(2, 80, b"J\xf6rg"), set(2, 80, b"Ann"), set(2, 5, b"x")].concat();
        assert_eq!(texts(&read(&latin), BY_LINE), ["Jörg", "Ann"]);
        let utf8 = [set(1, 90, UTF8), set(2, 80, "Jörg".as_bytes())].concat();
        assert_eq!(texts(&read(&utf8), BY_LINE), ["Jörg"]);
    }

    #[test]
    fn long_values_and_damage() {
        let mut long = vec![MARKER, 2, 120, 0x80, 4, 0, 1, 0, 0];
        long.extend([b'a'; 65536]);
        long.extend(set(2, 5, b"t"));
        let sets = read(&long);
        assert_eq!((sets.len(), sets[0].value.len(), sets[1].value), (2, 65536, &b"t"[..]));
        assert_eq!(read(&long[..100]), []);
        assert_eq!(read(&[MARKER, 2, 5, 0xff, 0xff]), []);
        assert_eq!(read(b"\x1c\x02"), []);
    }

    #[test]
    fn rights_are_all_that_is_left() {
        let block = [
            set(1, 90, UTF8),
            set(2, 0, &[0, 4]),
            set(2, 5, b"Title"),
            set(2, 80, b"Ann"),
            set(2, 90, b"City"),
            set(2, 116, b"(c)"),
        ];
        let kept = [&block[0][..], &block[1], &block[3], &block[5]].concat();
        assert_eq!(rights(&block.concat()), Some(kept));
        assert_eq!(rights(&set(2, 5, b"Title")), None);
    }
}
