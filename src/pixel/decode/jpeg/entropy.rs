//! Entropy decoding of baseline JPEG scans (ITU-T T.81, annex F), in the place of libjpeg-turbo's.
//!
//! Most of the time of making a small picture from a large one goes into undoing the Huffman coding.
//! libjpeg-turbo does that one symbol at a time, and in its careful way throughout where there are
//! restart markers. Here ten bits are looked up at once, which mostly hold a code and the bits of its
//! coefficient together, and bits are fetched eight bytes at a time where none is a marker's.
//!
//! Whatever is not as it should be ends decoding with a [`Fault`]. It knows nothing of the library
//! (`hook` does) nor of what becomes of coefficients.

/// The 64 coefficients of 8×8 samples, row by row, before they are multiplied by their steps.
pub(super) type Block = [i16; 64];

/// Tables of each kind that a scan can choose from.
pub(super) const TABLES: usize = 4;

/// Components that a scan can have.
const COMPONENTS: usize = 4;

/// Blocks that a unit can have.
pub(super) const BLOCKS: usize = 10;

/// The longest code.
const LONGEST: usize = 16;

/// Bits of the stream that are looked up at once.
const LOOK: u32 = 10;

/// Bits that are there before a code is read: the longest code's, and the most of a coefficient.
const ENOUGH: u32 = 32;

/// Where in a block coefficients come, and where those of a run that leads out of it.
#[rustfmt::skip]
const ORDER: [u8; 80] = [
     0,  1,  8, 16,  9,  2,  3, 10, 17, 24, 32, 25, 18, 11,  4,  5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,  6,  7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
    63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63,
];

/// Why a scan cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// No code begins with these bits.
    BadCode,
    /// A marker, or the end of the file, comes before all units have.
    Short,
    /// The next marker is not the restart marker whose turn it is.
    OutOfTurn {
        /// The marker's second byte.
        found: u8,
        /// The number of the restart marker, 0 to 7.
        due: u8,
    },
}

/// Bytes that belong to nothing, before a restart marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Skipped {
    /// How many.
    pub(super) bytes: usize,
    /// The marker's second byte.
    pub(super) marker: u8,
}

/// What a lookup tells: a coefficient, or how to read one.
#[derive(Debug, Clone, Copy, Default)]
struct Code {
    /// The coefficient, or 0 where its bits reach beyond what is looked up.
    value: i16,
    /// Run of noughts times 16, plus the number of bits that are still to be read.
    symbol: u8,
    /// Bits to consume; 0 for a code that is longer than what is looked up.
    length: u8,
}

/// One Huffman table.
pub(super) struct Table {
    codes: [Code; 1 << LOOK],
    /// The last code of each length, -1 where there is none.
    last: [i32; LONGEST + 1],
    /// From a code of each length to its place among the symbols.
    offset: [i32; LONGEST + 1],
    symbols: [u8; 256],
}

impl Table {
    /// A table in which there is no code.
    const EMPTY: Self = Self {
        codes: [Code { value: 0, symbol: 0, length: 0 }; 1 << LOOK],
        last: [-1; LONGEST + 1],
        offset: [0; LONGEST + 1],
        symbols: [0; 256],
    };

    /// From the number of codes of each length (the first says nothing) and what they stand for.
    /// Codes that do not fit their length are left out.
    pub(super) fn new(counts: &[u8; LONGEST + 1], symbols: &[u8; 256]) -> Self {
        let mut table = Self { symbols: *symbols, ..Self::EMPTY };
        let (mut code, mut place) = (0_u32, 0_u32);
        let mut rest = symbols.iter();
        for (length, count) in (0_u32..).zip(*counts).skip(1) {
            code <<= 1;
            table.offset[length as usize] = place.cast_signed() - code.cast_signed();
            for symbol in rest.by_ref().take(count.into()) {
                table.enter(code, length, *symbol);
                code += 1;
                place += 1;
            }
            if count > 0 {
                table.last[length as usize] = code.cast_signed() - 1;
            }
        }
        table
    }

    /// Fills what a code is looked up by.
    fn enter(&mut self, code: u32, length: u32, symbol: u8) {
        if length > LOOK {
            return;
        }
        let (free_bits, size) = (LOOK - length, u32::from(symbol & 15));
        for rest in 0..1 << free_bits {
            let mut found = Code { value: 0, symbol, length: length as u8 };
            if size > 0 && size <= free_bits {
                found.value = extended(rest >> (free_bits - size), size) as i16;
                found.symbol = symbol & 0xf0;
                found.length = (length + size) as u8;
            }
            if let Some(entry) = self.codes.get_mut((code << free_bits | rest) as usize) {
                *entry = found;
            }
        }
    }

    /// The code, longer than what is looked up, with which `bits` begin.
    #[inline(never)]
    fn long(&self, bits: u64) -> Option<Code> {
        for length in LOOK as usize + 1..=LONGEST {
            let code = (bits >> (64 - length)) as i32;
            if code <= self.last[length] {
                let place = usize::try_from(code + self.offset[length]).ok()?;
                let symbol = *self.symbols.get(place)?;
                return Some(Code { value: 0, symbol, length: length as u8 });
            }
        }
        None
    }
}

/// The number that `size` bits stand for (figure F.12); `size` is above 0.
#[inline(always)]
fn extended(bits: u32, size: u32) -> i32 {
    let bits = bits.cast_signed();
    if bits < 1 << (size - 1) { bits - (1 << size) + 1 } else { bits }
}

/// The bits of a scan.
#[derive(Debug, Clone, Copy)]
struct Bits<'a> {
    /// Bytes that have not been read yet.
    rest: &'a [u8],
    /// Read and not consumed, from the highest bit on.
    bits: u64,
    /// How many those are.
    count: u32,
    /// How many of them were made up, since a marker or the end was met.
    missing: u32,
    /// Whether it was.
    marker: bool,
}

impl<'a> Bits<'a> {
    fn new(rest: &'a [u8]) -> Self {
        Self { rest, bits: 0, count: 0, missing: 0, marker: false }
    }

    /// Fetches bits until there are more than 56; there were less than [`ENOUGH`].
    #[inline(always)]
    fn fetch(&mut self) {
        if let Some(word) = self.rest.first_chunk::<8>() {
            let word = u64::from_be_bytes(*word);
            if !has_full_byte(word) {
                let bytes = (64 - self.count) / 8;
                // What is set beyond the last whole byte will be set to the same by the next fetch.
                self.bits |= word >> self.count;
                self.rest = self.rest.get(bytes as usize..).unwrap_or_default();
                self.count += bytes * 8;
                return;
            }
        }
        *self = self.fetch_bytes();
    }

    /// The same byte by byte; beyond a marker or the end they are noughts.
    #[inline(never)]
    fn fetch_bytes(mut self) -> Self {
        while self.count <= 56 {
            let mut byte = 0;
            match *self.rest {
                [0xff, 0, ref rest @ ..] if !self.marker => (byte, self.rest) = (0xff, rest),
                [first, ref rest @ ..] if first != 0xff && !self.marker => {
                    (byte, self.rest) = (first, rest);
                }
                _ => {
                    self.marker = true;
                    self.missing += 8;
                }
            }
            self.bits |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
        self
    }

    /// The next `count` bits, of which there are as many; 1 to 16.
    #[inline(always)]
    fn take(&mut self, count: u32) -> u32 {
        let bits = (self.bits >> (64 - count)) as u32;
        self.consume(count);
        bits
    }

    #[inline(always)]
    fn consume(&mut self, count: u32) {
        self.bits <<= count;
        self.count -= count;
    }

    /// Reads a code, and the coefficient if its bits were looked up with it.
    #[inline(always)]
    fn code(&mut self, table: &Table) -> Result<Code, Fault> {
        if self.count < ENOUGH {
            self.fetch();
        }
        let mut code = table.codes[(self.bits >> (64 - LOOK)) as usize];
        if code.length == 0 {
            code = table.long(self.bits).ok_or(Fault::BadCode)?;
        }
        self.consume(code.length.into());
        Ok(code)
    }

    /// Reads a block whose first coefficient differs from `dc`, that of the one before, by what is
    /// written. Of the others, those that are not 0 are set.
    #[inline(always)]
    fn block(
        &mut self,
        tables: (&Table, &Table),
        dc: &mut i32,
        block: &mut Block,
    ) -> Result<(), Fault> {
        let code = self.code(tables.0)?;
        let size = u32::from(code.symbol & 15);
        let change = if size > 0 { extended(self.take(size), size) } else { code.value.into() };
        *dc = dc.wrapping_add(change);
        block[0] = *dc as i16;
        let mut at = 1;
        while at < block.len() {
            let code = self.code(tables.1)?;
            let (run, size) = (usize::from(code.symbol >> 4), u32::from(code.symbol & 15));
            at += run;
            let place = usize::from(ORDER[at]) % block.len();
            if code.value != 0 {
                block[place] = code.value;
            } else if size > 0 {
                block[place] = extended(self.take(size), size) as i16;
            } else if run != 15 {
                break;
            }
            at += 1;
        }
        Ok(())
    }
}

/// Whether all bits of a byte are set.
#[inline(always)]
fn has_full_byte(word: u64) -> bool {
    (!word).wrapping_sub(0x0101_0101_0101_0101) & word & 0x8080_8080_8080_8080 != 0
}

/// What a block of a unit is coded by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Part {
    /// Place of its component in the scan, below 4.
    pub(super) component: usize,
    /// Number of the table of first coefficients, below [`TABLES`].
    pub(super) dc_table: usize,
    /// Number of the table of the others, below [`TABLES`].
    pub(super) ac_table: usize,
}

/// The shape of a scan.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// The blocks of a unit, as many as `blocks` says.
    pub(super) parts: [Part; BLOCKS],
    /// How many there are.
    pub(super) blocks: usize,
    /// Units of the whole scan.
    pub(super) units: u64,
    /// Units between restart markers; 0 for none.
    pub(super) interval: u32,
}

/// A scan, and how far it has been decoded.
pub(super) struct Scan<'a> {
    bits: Bits<'a>,
    shape: Shape,
    /// Units until the next restart marker.
    left: u32,
    /// Its number, 0 to 7.
    due: u8,
    dc: [i32; COMPONENTS],
    dc_tables: [Table; TABLES],
    ac_tables: [Table; TABLES],
}

impl<'a> Scan<'a> {
    /// The scan whose coded data `rest` begins with, without any tables yet.
    pub(super) fn new(rest: &'a [u8], shape: Shape) -> Self {
        Self {
            bits: Bits::new(rest),
            shape,
            left: shape.interval,
            due: 0,
            dc: [0; COMPONENTS],
            dc_tables: [Table::EMPTY; TABLES],
            ac_tables: [Table::EMPTY; TABLES],
        }
    }

    /// Sets a table of first coefficients.
    pub(super) fn set_dc_table(&mut self, number: usize, table: Table) {
        self.dc_tables[number % TABLES] = table;
    }

    /// Sets a table of the other coefficients.
    pub(super) fn set_ac_table(&mut self, number: usize, table: Table) {
        self.ac_tables[number % TABLES] = table;
    }

    /// Decodes the next unit, after [`restart`](Self::restart) where a marker is due. `block` gives
    /// the block, all noughts, for each of its places in turn. What has been decoded is of no use
    /// after a fault.
    #[inline(always)]
    pub(super) fn unit<'b>(
        &mut self,
        mut block: impl FnMut(usize) -> &'b mut Block,
    ) -> Result<(), Fault> {
        let mut bits = self.bits;
        for (place, part) in self.shape.parts.iter().take(self.shape.blocks).enumerate() {
            let tables =
                (&self.dc_tables[part.dc_table % TABLES], &self.ac_tables[part.ac_table % TABLES]);
            bits.block(tables, &mut self.dc[part.component % COMPONENTS], block(place))?;
        }
        // More bits were used than there are.
        if bits.count < bits.missing {
            return Err(Fault::Short);
        }
        self.bits = bits;
        self.left = self.left.wrapping_sub(1);
        self.shape.units = self.shape.units.wrapping_sub(1);
        Ok(())
    }

    /// Whether a restart marker comes before the next unit.
    pub(super) fn restarts(&self) -> bool {
        self.shape.interval > 0 && self.left == 0
    }

    /// Goes on after the restart marker, which has to be the next.
    pub(super) fn restart(&mut self) -> Result<Option<Skipped>, Fault> {
        let Bits { rest, count, missing, .. } = self.bits;
        let is_marker = |pair: &[u8]| pair[0] == 0xff && pair[1] != 0 && pair[1] != 0xff;
        let at = rest.windows(2).position(is_marker).ok_or(Fault::Short)?;
        let is_fill = |pair: &&[u8]| pair[0] == 0xff && pair[1] == 0xff;
        let fill = rest.windows(2).take(at).filter(is_fill).count();
        let bytes = count.saturating_sub(missing) as usize / 8 + at - fill;
        let (marker, due) = (rest[at + 1], self.due);
        if marker != 0xd0 + due {
            return Err(Fault::OutOfTurn { found: marker, due });
        }
        self.bits = Bits::new(&rest[at + 2..]);
        self.due = (due + 1) % 8;
        self.left = self.shape.interval;
        self.dc = [0; COMPONENTS];
        Ok((bytes > 0).then_some(Skipped { bytes, marker }))
    }

    /// After the last unit: the number of bytes at the end of the file that have not been read.
    pub(super) fn end(&self) -> Option<usize> {
        (self.shape.units == 0).then_some(self.bits.rest.len())
    }
}
