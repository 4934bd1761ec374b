//! `cargo xtask size`: what a data channel takes on a device: code, static data and heap.

use crate::{Result, run, workspace};
use std::path::Path;

/// A Cortex-M4 or M7 with a floating-point unit: what is between a toy and a computer.
const DEVICE: &str = "thumbv7em-none-eabihf";

/// The verb `size`.
pub(crate) fn main(_args: &[String]) -> Result<()> {
    let dir = workspace::root().join("conformance/freestanding");
    let target = workspace::target_dir()?;
    let build = |args: &str| {
        let mut cargo = run::cargo(&format!("build --profile size --bin siskin-device {args}"), &dir);
        run::show(cargo.env("CARGO_TARGET_DIR", &target))
    };
    build("")?;
    let here = target.join("size/siskin-device");
    let there = run::show(&mut run::command("rustup", &format!("target add {DEVICE}"), &dir));
    if there.is_ok() {
        build(&format!("--target {DEVICE}"))?;
    }

    println!(
        "\n| `siskin-device`, bytes | code | constants | static variables |\n| --- | ---: | ---: | ---: |"
    );
    print_sections(std::env::consts::ARCH, &here)?;
    match there {
        Ok(()) => print_sections(DEVICE, &target.join(DEVICE).join("size/siskin-device"))?,
        Err(missing) => {
            println!("\nNothing for {DEVICE}: its compiled `core` cannot be had here ({missing}).")
        }
    }
    println!(
        "\nStatic variables without the heap's own memory. The heap of its one connection, on {}:\n",
        std::env::consts::ARCH
    );
    run::show(&mut run::command(&here, "", &dir))
}

fn print_sections(name: &str, program: &Path) -> Result<()> {
    let [code, constants, data] = sections(program)?;
    println!("| {name} | {code} | {constants} | {data} |");
    Ok(())
}

/// The static memory that the program's allocator hands out.
const HEAP: u64 = 4 << 20;

/// Bytes of code, of constants, and of static variables, by the ELF section headers.
fn sections(program: &Path) -> Result<[u64; 3]> {
    let elf = std::fs::read(program).map_err(|e| format!("{}: {e}", program.display()))?;
    let malformed = || format!("{}: no ELF file", program.display());
    let wide = *elf.get(4).ok_or_else(malformed)? == 2;
    let number = |at: usize, len: usize| -> Option<u64> {
        let bytes = elf.get(at..at + len)?;
        Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    };
    // Where the table is, the size of its entries, and their number; then flags and size of each.
    let (table, entry, flags_at, size_at, word) =
        if wide { (0x28, 0x3a, 8, 32, 8) } else { (0x20, 0x2e, 8, 20, 4) };
    let (Some(start), Some(size), Some(count)) =
        (number(table, word), number(entry, 2), number(entry + 2, 2))
    else {
        return Err(malformed());
    };
    let mut sums = [0; 3];
    for index in 0..count {
        let at = (start + index * size) as usize;
        let (Some(flags), Some(bytes)) = (number(at + flags_at, word), number(at + size_at, word)) else {
            return Err(malformed());
        };
        const WRITE: u64 = 1;
        const ALLOC: u64 = 2;
        const EXECUTE: u64 = 4;
        match flags {
            flags if flags & ALLOC == 0 => {}
            flags if flags & EXECUTE != 0 => sums[0] += bytes,
            flags if flags & WRITE == 0 => sums[1] += bytes,
            _ => sums[2] += bytes,
        }
    }
    sums[2] = sums[2].saturating_sub(HEAP);
    Ok(sums)
}
