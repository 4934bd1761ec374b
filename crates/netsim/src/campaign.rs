//! Many seeds of one test: run on all processors, summed up in a few lines, and every failing seed named.

use core::time::Duration;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

/// What became of one seed.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Virtual time until everything was done.
    pub took: Duration,
    /// Datagrams that it took.
    pub datagrams: u64,
    /// Why the connection ended before its time, if the network was bad enough for that to be right: counted, not failed.
    pub gave_up: Option<String>,
    /// What else the test counts; the summary has the sum of each.
    pub counts: BTreeMap<&'static str, u64>,
}

/// Runs `seeds` seeds; `run` gives what is wrong as an error, or panics.
///
/// `cargo xtask campaign` asks for other seeds through the environment: `SISKIN_SEEDS` is how many, `SISKIN_START` the
/// first. Then progress is told on standard error. The summary goes to standard output.
///
/// # Panics
/// If a seed fails. The message has every seed that did.
pub fn campaign(name: &str, seeds: u64, run: impl Fn(u64) -> Result<Report, String> + Sync) -> Vec<Report> {
    let asked = number("SISKIN_SEEDS");
    let (count, start) = (asked.unwrap_or(seeds), number("SISKIN_START").unwrap_or(0));
    let next = AtomicU64::new(0);
    let one = |seed| {
        let panicked = |panic: Box<dyn std::any::Any + Send>| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_string()
        };
        catch_unwind(AssertUnwindSafe(|| run(seed))).unwrap_or_else(|panic| Err(panicked(panic)))
    };
    let worker = || {
        let mut done = Vec::new();
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            if i >= count {
                return done;
            }
            if asked.is_some() && count > 20 && i.is_multiple_of(count / 20) {
                eprintln!("{name}: {i} of {count}");
            }
            done.push((start + i, one(start + i)));
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, |n| n.get());
    let mut done: Vec<(u64, Result<Report, String>)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).flatten().collect()
    });
    done.sort_by_key(|(seed, _)| *seed);
    let failed: Vec<String> =
        done.iter().filter_map(|(seed, r)| Some(format!("seed {seed}: {}", r.as_ref().err()?))).collect();
    let reports: Vec<Report> = done.into_iter().filter_map(|(_, result)| result.ok()).collect();
    println!("{}", summary(name, start, count, failed.len(), &reports));
    assert!(failed.is_empty(), "{name}: {} of {count} seeds failed:\n{}", failed.len(), failed.join("\n"));
    assert_eq!(reports.len() as u64, count, "{name}: a thread was lost");
    reports
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

fn summary(name: &str, start: u64, count: u64, failed: usize, reports: &[Report]) -> String {
    let gave_up: Vec<&String> = reports.iter().filter_map(|report| report.gave_up.as_ref()).collect();
    let done = reports.len() - gave_up.len();
    let mut text = format!(
        "{name}: seeds {start} to {}: {done} done, {} gave up, {failed} FAILED",
        start + count,
        gave_up.len()
    );
    let column = |label: &str, values: &mut Vec<f64>, unit: &str| {
        values.sort_by(f64::total_cmp);
        let at = |share: usize| values.get((values.len() * share / 100).min(values.len().saturating_sub(1)));
        let at = |share| at(share).copied().unwrap_or_default();
        format!("\n  {label:<14} median {:.1}, 95 % {:.1}, most {:.1} {unit}", at(50), at(95), at(100))
    };
    let finished = || reports.iter().filter(|report| report.gave_up.is_none());
    text += &column("virtual time", &mut finished().map(|report| report.took.as_secs_f64()).collect(), "s");
    text += &column("datagrams", &mut finished().map(|report| report.datagrams as f64).collect(), "");
    let mut counts = BTreeMap::new();
    for (label, count) in reports.iter().flat_map(|report| &report.counts) {
        *counts.entry(format!("counted: {label}")).or_insert(0) += count;
    }
    for reason in gave_up {
        *counts.entry(format!("gave up: {reason}")).or_insert(0) += 1;
    }
    counts.iter().for_each(|(label, count)| text += &format!("\n  {label:<40} {count}"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failing_seeds_are_named_and_panics_are_failures() {
        let run = |seed| match seed {
            3 => Err("not right".into()),
            7 => panic!("fell over"),
            _ => Ok(Report::default()),
        };
        let panic = catch_unwind(|| campaign("test", 10, run)).expect_err("two seeds fail");
        let text = panic.downcast_ref::<String>().expect("a message");
        assert!(text.contains("2 of 10") && text.contains("seed 3: not right"), "{text}");
        assert!(text.contains("seed 7: fell over"), "{text}");
    }

    #[test]
    fn the_summary_counts() {
        let gave_up = Report { gave_up: Some("timed out".into()), ..Report::default() };
        let slow =
            Report { took: Duration::from_secs(4), counts: [("restarts", 2)].into(), ..Report::default() };
        let text = summary("test", 0, 3, 1, &[gave_up, slow]);
        for part in ["1 done, 1 gave up, 1 FAILED", "most 4.0 s", "gave up: timed out", "counted: restarts"] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}
