//! The edge between `entropy.c`, which takes the place of libjpeg-turbo's entropy decoder, and
//! `entropy`, which does its work.
//!
//! The library's errors are jumps that must not cross Rust, so that what is wrong is told by numbers
//! here and raised there. Mirrored in `entropy.h`. It knows the C files' rules and nothing else.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::marker::PhantomData;
use std::ptr;

use super::entropy::{BLOCKS, Block, Fault, Part, Scan, Shape, Skipped, TABLES, Table};

/// The file that is decoded, and its scan once that has begun.
pub(super) struct Slot<'a> {
    data: &'a [u8],
    scan: Option<Box<Scan<'a>>>,
}

/// One Huffman table of the library's; null where there is none.
#[repr(C)]
struct RawTable {
    counts: *const [u8; 17],
    symbols: *const [u8; 256],
}

/// The scan as the library knows it.
#[repr(C)]
pub(super) struct RawScan {
    /// Where its coded data begin, and how many bytes are left of the file.
    at: *const u8,
    left: usize,
    units: u64,
    interval: u32,
    blocks: u32,
    /// Of each block of a unit: its component's place in the scan, and its tables.
    components: [u8; BLOCKS],
    dc_tables: [u8; BLOCKS],
    ac_tables: [u8; BLOCKS],
    dc: [RawTable; TABLES],
    ac: [RawTable; TABLES],
}

/// What there is to say of a unit.
#[repr(C)]
#[derive(Default)]
pub(super) struct Report {
    fault: c_int,
    marker: c_int,
    due: c_int,
    skipped: usize,
    ended: c_int,
    left: usize,
}

const BAD_CODE: c_int = 1;
const SHORT: c_int = 2;
const OUT_OF_TURN: c_int = 3;

/// What `entropy.c` calls.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Hook<'s> {
    slot: *mut c_void,
    begin: unsafe extern "C" fn(*mut c_void, *const RawScan) -> *mut c_void,
    unit: unsafe extern "C" fn(*mut c_void, *const *mut Block, *mut Report) -> c_int,
    borrowed: PhantomData<&'s mut ()>,
}

impl<'a> Slot<'a> {
    /// For the whole file `data`.
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, scan: None }
    }

    /// What is handed to C.
    pub(super) fn hook(&mut self) -> Hook<'_> {
        Hook { slot: ptr::from_mut(self).cast(), begin, unit, borrowed: PhantomData }
    }

    /// The scan that the library is about to decode; none where it is not in the file.
    ///
    /// # Safety
    /// The tables that `raw` points to are live.
    unsafe fn begin(&mut self, raw: &RawScan) -> Option<&mut Scan<'a>> {
        let start = raw.at.addr().checked_sub(self.data.as_ptr().addr())?;
        let rest = self.data.get(start..).filter(|rest| rest.len() == raw.left)?;
        let mut parts = [Part::default(); BLOCKS];
        for (at, part) in parts.iter_mut().enumerate() {
            *part = Part {
                component: raw.components[at].into(),
                dc_table: raw.dc_tables[at].into(),
                ac_table: raw.ac_tables[at].into(),
            };
        }
        let RawScan { units, interval, blocks, .. } = *raw;
        let mut scan =
            Box::new(Scan::new(rest, Shape { parts, blocks: blocks as usize, units, interval }));
        for (number, (dc, ac)) in raw.dc.iter().zip(&raw.ac).enumerate() {
            // SAFETY: as above.
            let (dc, ac) = unsafe { (dc.read(), ac.read()) };
            dc.into_iter().for_each(|table| scan.set_dc_table(number, table));
            ac.into_iter().for_each(|table| scan.set_ac_table(number, table));
        }
        Some(self.scan.insert(scan))
    }
}

/// Begins a scan; null where it is not in the file.
///
/// # Safety
/// `slot` comes from [`Slot::hook`], whose borrow lasts; `raw` and the tables that it points to are
/// live.
unsafe extern "C" fn begin(slot: *mut c_void, raw: *const RawScan) -> *mut c_void {
    // SAFETY: as above; nobody else uses the slot meanwhile.
    let scan = unsafe { (*slot.cast::<Slot<'_>>()).begin(&*raw) };
    scan.map_or(ptr::null_mut(), |scan| ptr::from_mut(scan).cast())
}

impl RawTable {
    /// # Safety
    /// Both pointers are null or to live arrays.
    unsafe fn read(&self) -> Option<Table> {
        // SAFETY: as above.
        let (counts, symbols) = unsafe { (self.counts.as_ref()?, self.symbols.as_ref()?) };
        Some(Table::new(counts, symbols))
    }
}

/// Decodes a unit into `blocks`; without them it is passed over. Not 0 when there is a report.
///
/// # Safety
/// `scan` comes from [`begin`] and its slot's borrow lasts; `blocks` is null or to as many pointers
/// as a unit has blocks, each to a block of its own; `report` is to be written.
unsafe extern "C" fn unit(
    scan: *mut c_void,
    blocks: *const *mut Block,
    report: *mut Report,
) -> c_int {
    // SAFETY: as above; nobody else uses the scan meanwhile.
    let scan = unsafe { &mut *scan.cast::<Scan<'_>>() };
    let skipped = match if scan.restarts() { scan.restart() } else { Ok(None) } {
        Ok(skipped) => skipped,
        Err(fault) => return tell(report, Report::of(fault)),
    };
    let decoded = if blocks.is_null() {
        let mut passed_over = [0; 64];
        let scratch = &raw mut passed_over;
        // SAFETY: it outlives the call, and each block is done with before the next is asked for.
        scan.unit(|_| unsafe { &mut *scratch })
    } else {
        // SAFETY: as above; the scan asks for each block of the unit once.
        scan.unit(|place| unsafe { &mut **blocks.add(place) })
    };
    if let Err(fault) = decoded {
        return tell(report, Report::of(fault));
    }
    let end = scan.end();
    if skipped.is_none() && end.is_none() {
        return 0;
    }
    let Skipped { bytes, marker } = skipped.unwrap_or(Skipped { bytes: 0, marker: 0 });
    let (ended, left) = (end.is_some().into(), end.unwrap_or(0));
    tell(report, Report { skipped: bytes, marker: marker.into(), ended, left, ..Report::default() })
}

fn tell(to: *mut Report, report: Report) -> c_int {
    // SAFETY: `unit`, which alone calls this, was given it to be written.
    unsafe { to.write(report) };
    1
}

impl Report {
    fn of(fault: Fault) -> Self {
        match fault {
            Fault::BadCode => Self { fault: BAD_CODE, ..Self::default() },
            Fault::Short => Self { fault: SHORT, ..Self::default() },
            Fault::OutOfTurn { found, due } => {
                let (marker, due) = (found.into(), due.into());
                Self { fault: OUT_OF_TURN, marker, due, ..Self::default() }
            }
        }
    }
}
