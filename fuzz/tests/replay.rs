//! Every stored input, through its property, on any compiler. Arguments choose targets by how their names begin.

use std::fs;
use std::path::Path;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let mut replayed = 0;
    for (name, property) in siskin_fuzz::TARGETS {
        if !wanted.is_empty() && !wanted.iter().any(|start| name.starts_with(start.as_str())) {
            continue;
        }
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
        let mut inputs: Vec<_> = fs::read_dir(&dir)
            .unwrap_or_else(|e| panic!("{}: {e}", dir.display()))
            .map(|entry| entry.expect("a readable folder").path())
            .collect();
        inputs.sort();
        assert!(!inputs.is_empty(), "{}: no stored input", dir.display());
        for input in &inputs {
            let bytes = fs::read(input).expect("a readable input");
            // A panic's message does not know the input.
            if std::panic::catch_unwind(|| property(&bytes)).is_err() {
                panic!("{name}: {}", input.display());
            }
        }
        println!("{name}: {} inputs", inputs.len());
        replayed += inputs.len();
    }
    println!("{replayed} inputs keep their properties");
}
