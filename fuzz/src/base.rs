//! Properties of `siskin-base`.

use siskin_base::wire::{Reader, Truncated, Writer as _};

/// The input is a list of reads, and what they read: each takes all it yields or nothing, and writing what was read
/// gives the bytes back.
pub fn base_wire(input: &[u8]) {
    let split = input.first().map_or(0, |first| usize::from(*first) % 32).min(input.len());
    let (reads, bytes) = input.split_at(split);
    let mut reader = Reader::new(bytes);
    let mut written = Vec::new();
    for read in reads {
        let before = reader.len();
        let done = match read % 9 {
            0 => reader.u8().map(|value| written.put_u8(value)),
            1 => reader.u16().map(|value| written.put_u16(value)),
            2 => reader.u24().map(|value| written.put_u24(value)),
            3 => reader.u32().map(|value| written.put_u32(value)),
            4 => reader.u48().map(|value| written.put_u48(value)),
            5 => reader.u64().map(|value| written.put_u64(value)),
            6 => reader.take(usize::from(*read)).map(|value| written.put(value)),
            7 => prefixed(&mut written, 1, reader.vec8()),
            _ => prefixed(&mut written, 2, reader.vec16()),
        };
        if done.is_err() {
            assert_eq!(reader.len(), before, "a failed read took something");
        }
    }
    written.put(reader.rest());
    assert_eq!(written, bytes);
}

fn prefixed(written: &mut Vec<u8>, width: usize, value: Result<&[u8], Truncated>) -> Result<(), Truncated> {
    value.map(|value| written.put_prefixed(width, |out| out.put(value)).expect("as long as it was"))
}
