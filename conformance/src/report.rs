//! What came of it: a line as each case ends, a table and JSON at the end.

use crate::Result;
use crate::cases::{self, Chosen, Outcome, Side};
use crate::peers::Which;
use crate::program::Program;
use serde_json::{Map, Value, json};
use std::fs;
use std::path::PathBuf;

pub(crate) struct Results {
    program: String,
    versions: Map<String, Value>,
    rows: Vec<Row>,
}

struct Row {
    case: String,
    peer: Which,
    side: Side,
    name: String,
    outcome: Outcome,
}

impl Results {
    pub(crate) fn new(program: &Program) -> Self {
        Self { program: program.to_string(), versions: Map::new(), rows: Vec::new() }
    }

    /// A peer has started.
    pub(crate) fn peer(&mut self, which: Which, version: &str) {
        println!("{}: {version}", which.name());
        self.versions.insert(which.name().into(), version.into());
    }

    /// A case has ended.
    pub(crate) fn add(&mut self, case: &Chosen, outcome: Outcome) {
        let name = case.name();
        match &outcome.why {
            None => println!("  {name:<48} ok      {:>6.2} s", outcome.took.as_secs_f64()),
            Some(why) => println!("  {name:<48} FAILED  {:>6.2} s\n      {why}", outcome.took.as_secs_f64()),
        }
        self.rows.push(Row { case: case.case.clone(), peer: case.peer, side: case.side, name, outcome });
    }

    /// Prints the table, writes the JSON, and yields whether all passed.
    pub(crate) fn finish(&self, file: PathBuf) -> Result<bool> {
        let failed: Vec<&Row> = self.rows.iter().filter(|row| row.outcome.why.is_some()).collect();
        self.table();
        if !failed.is_empty() {
            println!("\nfailed:");
        }
        for row in &failed {
            println!("  {}: {}", row.name, row.outcome.why.as_deref().unwrap_or_default());
        }
        let passed = self.rows.len() - failed.len();
        let results: Vec<Value> = self.rows.iter().map(Row::json).collect();
        let lacking = cases::not_tried().map(|(peer, case, why)| json!([peer.name(), case, why]));
        let lacking: Vec<Value> = lacking.collect();
        let json = json!({"v": 1, "notTried": lacking, "program": self.program, "peers": self.versions, "passed": passed,
            "failed": failed.len(), "results": results});
        fs::write(&file, format!("{json:#}\n")).map_err(|e| format!("{}: {e}", file.display()))?;
        println!("\nresults: {}\n{passed} passed, {} failed", file.display(), failed.len());
        Ok(failed.is_empty())
    }

    /// A row for each case, two columns for each peer: it offers, it answers. Cells are seconds.
    fn table(&self) {
        let peers: Vec<Which> =
            Which::ALL.into_iter().filter(|peer| self.rows.iter().any(|row| row.peer == *peer)).collect();
        let mut cases: Vec<&str> = Vec::new();
        for row in &self.rows {
            if !cases.contains(&row.case.as_str()) {
                cases.push(&row.case);
            }
        }
        print!("\n{:<24}", "");
        peers.iter().for_each(|peer| print!("  {:<15}", peer.name()));
        print!("\n{:<24}", "seconds");
        peers.iter().for_each(|_| print!("  {:>7} {:>7}", "offers", "answers"));
        println!();
        for case in cases {
            print!("{case:<24}");
            for peer in &peers {
                print!(" ");
                Side::ALL.iter().for_each(|side| print!(" {:>7}", self.cell(case, *peer, *side)));
            }
            println!();
        }
    }

    fn cell(&self, case: &str, peer: Which, side: Side) -> String {
        match self.rows.iter().find(|row| row.case == case && row.peer == peer && row.side == side) {
            None => "-".into(),
            Some(row) if row.outcome.why.is_some() => "FAILED".into(),
            Some(row) => format!("{:.2}", row.outcome.took.as_secs_f64()),
        }
    }
}

impl Row {
    fn json(&self) -> Value {
        json!({"name": self.name, "peer": self.peer.name(), "side": self.side.name(), "case": self.case,
            "passed": self.outcome.why.is_none(), "why": self.outcome.why,
            "seconds": self.outcome.took.as_secs_f64(),
            "stats": self.outcome.seen.stats, "found": self.outcome.seen.found, "report": self.outcome.seen.report})
    }
}
