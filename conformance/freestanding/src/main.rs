#![doc = include_str!("../README.md")]
#![no_std]
#![no_main]

extern crate alloc;

mod checks;
mod platform;

/// What the C start-up code calls.
#[unsafe(no_mangle)]
extern "C" fn main(_argc: i32, _argv: *const *const u8) -> i32 {
    for (name, check) in checks::ALL {
        platform::print(name);
        if !check() {
            platform::print(": FAILED\n");
            return 1;
        }
        platform::print(": ok\n");
    }
    platform::print_number("most memory in use at once: ", platform::high_water(), " bytes\n");
    0
}
