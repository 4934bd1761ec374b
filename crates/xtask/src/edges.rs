//! Which crate may use which: arrows point down only, and siblings do not meet.

use crate::workspace;
use std::collections::{BTreeMap, BTreeSet};

/// Every crate and the crates of ours that it may use. A new edge is one reviewed line here.
const EDGES: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("crypto", &["base"]),
    ("sdp", &["base"]),
    ("stun", &["base", "crypto"]),
    ("ice", &["base", "crypto", "stun"]),
    ("dtls", &["base", "crypto"]),
    ("rtp", &["base"]),
    ("srtp", &["base", "crypto"]),
    ("cc", &["base"]),
    ("sctp", &["base", "crypto"]),
    ("datachannel", &["base", "sctp"]),
    ("netsim", &["base"]),
    ("container", &["base", "rtp"]),
    ("peer", &["base", "crypto", "sdp", "stun", "ice", "dtls", "rtp", "srtp", "cc", "sctp", "datachannel"]),
    (
        "siskin",
        &["base", "crypto", "sdp", "stun", "ice", "dtls", "rtp", "srtp", "cc", "sctp", "datachannel", "peer"],
    ),
    (
        "cli",
        &[
            "base",
            "crypto",
            "sdp",
            "stun",
            "ice",
            "dtls",
            "rtp",
            "srtp",
            "cc",
            "sctp",
            "datachannel",
            "peer",
            "netsim",
            "container",
            "siskin",
        ],
    ),
    ("conformance", &["base", "dtls", "netsim", "siskin"]),
    ("xtask", &[]),
];

/// What tests may use besides.
const IN_TESTS: &[&str] = &["netsim"];

/// Crates that never touch a socket, a clock, a thread, a file or a global.
pub(crate) const PROTOCOL: &[&str] =
    &["base", "crypto", "sdp", "stun", "ice", "dtls", "rtp", "srtp", "cc", "sctp", "datachannel", "peer"];

/// `siskin-ice` is the crate in the folder `ice`.
fn folder(package: &str) -> &str {
    package.strip_prefix("siskin-").unwrap_or(package)
}

#[test]
fn every_edge_is_in_the_table() {
    let table: BTreeMap<_, _> = EDGES.iter().copied().collect();
    let mut wrong = Vec::new();
    for package in workspace::packages().unwrap() {
        let name = folder(&package.name);
        let Some(allowed) = table.get(name) else {
            wrong.push(format!("{name} is not in the table of crates/xtask/src/edges.rs"));
            continue;
        };
        for (used, in_tests) in &package.uses {
            let used = folder(used);
            let fine = allowed.contains(&used) || (*in_tests && IN_TESTS.contains(&used));
            if !fine {
                wrong.push(format!("{name} may not use {used}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_points_down_only() {
    let mut above = BTreeSet::new();
    for (name, allowed) in EDGES {
        assert!(
            allowed.iter().all(|below| above.contains(below)),
            "{name} uses what stands below it in the table"
        );
        above.insert(*name);
    }
}
