//! Every stored input, through its property, on any compiler.

use std::fs;
use std::path::Path;

#[test]
fn every_stored_input_keeps_its_property() {
    for (name, property) in siskin_fuzz::TARGETS {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
        let mut inputs: Vec<_> = fs::read_dir(&dir)
            .unwrap_or_else(|e| panic!("{}: {e}", dir.display()))
            .map(|entry| entry.expect("a readable folder").path())
            .collect();
        inputs.sort();
        assert!(!inputs.is_empty(), "{}: no stored input", dir.display());
        for input in &inputs {
            // A panic's message does not know the input: the last line printed does.
            println!("{name}: {}", input.display());
            property(&fs::read(input).expect("a readable input"));
        }
    }
}
