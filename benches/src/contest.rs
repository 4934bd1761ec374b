//! Operations that do the same work, raced: by criterion, each for itself, or in interleaved rounds.

use crate::heap;
use criterion::{BenchmarkId, Criterion, Throughput};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// All races of one file.
pub struct Bench {
    mode: Mode,
    /// Only contests whose name has this in it.
    only: String,
    table: Vec<Row>,
}

enum Mode {
    Criterion(Box<Criterion>),
    Rounds(usize),
}

/// Operations on the same bytes.
pub struct Contest<'a> {
    id: String,
    bytes: Option<usize>,
    rows: Vec<(String, Operation<'a>)>,
}

type Operation<'a> = Box<dyn Prepared + 'a>;

/// An operation that needs something made ready for each time that it runs, which is not timed.
pub trait Prepared {
    /// Makes ready for so many runs.
    fn prepare(&mut self, _count: u32) {}

    /// The operation, once.
    fn run(&mut self);
}

impl<F: FnMut()> Prepared for F {
    fn run(&mut self) {
        self();
    }
}

struct Row {
    contest: usize,
    id: String,
    variant: String,
    bytes: Option<usize>,
    /// Nanoseconds for one operation in the fastest portion.
    least: f64,
    allocations: f64,
}

/// What one operation is timed for in one round.
const ROUND: Duration = Duration::from_millis(2);

/// A round is timed in so many portions, of which the fastest counts: at 50 µs it is seldom that another program, or the
/// system, comes in between. What is made ready for a portion is still in the cache when it is used, as what has just been
/// received is.
const PORTIONS: u32 = 40;

/// How many are made ready at once for criterion.
const AT_ONCE: u64 = 256;

impl Bench {
    /// `--rounds N [PART]` races in rounds, if PART is given only what has it in its name, and prints a table at the end;
    /// without it, criterion reads the arguments.
    pub fn from_args() -> Self {
        let mut args = std::env::args().skip_while(|arg| arg != "--rounds").skip(1);
        let (mode, only) = match args.next().and_then(|count| count.parse().ok()) {
            Some(rounds) => (Mode::Rounds(rounds), args.next().filter(|only| !only.starts_with('-'))),
            None => (Mode::Criterion(Box::new(Criterion::default().configure_from_args())), None),
        };
        Self { mode, only: only.unwrap_or_default(), table: Vec::new() }
    }

    /// Runs a contest.
    pub fn race(&mut self, contest: Contest<'_>) {
        let size = contest.bytes.map_or_else(String::new, |bytes| format!("/{bytes}B"));
        if !format!("{}{size}", contest.id).contains(&self.only) {
            return;
        }
        match &mut self.mode {
            Mode::Criterion(criterion) => contest.by_criterion(criterion),
            Mode::Rounds(rounds) => {
                let number = self.table.last().map_or(0, |row| row.contest + 1);
                self.table.extend(contest.in_rounds(number, *rounds));
            }
        }
    }

    /// Ends: prints what was measured.
    pub fn finish(mut self) {
        match &mut self.mode {
            Mode::Criterion(criterion) => criterion.final_summary(),
            Mode::Rounds(rounds) => print(&self.table, *rounds),
        }
    }
}

impl<'a> Contest<'a> {
    /// `id` is `crate/verb`, and perhaps a variant that all share.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), bytes: None, rows: Vec::new() }
    }

    /// The operations are about so many bytes.
    pub fn of_bytes(id: impl Into<String>, bytes: usize) -> Self {
        Self { bytes: Some(bytes), ..Self::new(id) }
    }

    /// Adds an operation. The first is what the others are compared with; `limit` is what the machine can do at most.
    pub fn row<T>(mut self, variant: impl Into<String>, mut operation: impl FnMut() -> T + 'a) -> Self {
        let operation = Box::new(move || {
            black_box(operation());
        });
        self.rows.push((variant.into(), operation));
        self
    }

    /// As [`row`](Self::row), of what has to be made ready before each run.
    pub fn prepared(mut self, variant: impl Into<String>, operation: impl Prepared + 'a) -> Self {
        self.rows.push((variant.into(), Box::new(operation)));
        self
    }

    fn by_criterion(self, criterion: &mut Criterion) {
        let mut group = criterion.benchmark_group(&self.id);
        if let Some(bytes) = self.bytes {
            group.throughput(Throughput::Bytes(bytes as u64));
        }
        for (variant, mut operation) in self.rows {
            let id = match self.bytes {
                Some(bytes) => BenchmarkId::new(variant, format!("{bytes}B")),
                None => BenchmarkId::from_parameter(variant),
            };
            group.bench_function(id, |b| {
                b.iter_custom(|count| {
                    let (all, rest) = (count / AT_ONCE, (count % AT_ONCE) as u32);
                    (0..all).map(|_| time(&mut operation, AT_ONCE as u32)).sum::<Duration>()
                        + time(&mut operation, rest)
                });
            });
        }
        group.finish();
    }

    /// Every operation once in each round, in turns, so that what disturbs the machine disturbs all of them.
    fn in_rounds(mut self, contest: usize, rounds: usize) -> Vec<Row> {
        let counts: Vec<u32> = self.rows.iter_mut().map(|(_, operation)| calibrate(operation)).collect();
        let mut least = vec![f64::INFINITY; self.rows.len()];
        for round in 0..rounds {
            for place in 0..self.rows.len() {
                let which = (place + round) % self.rows.len();
                let portion = counts[which].div_ceil(PORTIONS);
                for _ in 0..counts[which] / portion {
                    let time = time(&mut self.rows[which].1, portion);
                    least[which] = least[which].min(time.as_secs_f64() * 1e9 / f64::from(portion));
                }
            }
        }
        let rows = self.rows.into_iter().zip(least).zip(counts);
        rows.map(|(((variant, mut operation), least), count)| {
            let count = count.min(100);
            operation.prepare(count);
            heap::start();
            (0..count).for_each(|_| operation.run());
            let allocations = heap::stop().allocations as f64 / f64::from(count);
            Row { contest, id: self.id.clone(), variant, bytes: self.bytes, least, allocations }
        })
        .collect()
    }
}

/// How many operations take about a round; warms up on the way.
fn calibrate(operation: &mut Operation<'_>) -> u32 {
    let mut count = 1;
    loop {
        let took = time(operation, count);
        if took >= ROUND / 4 || count >= 1 << 24 {
            return (f64::from(count) * ROUND.as_secs_f64() / took.as_secs_f64()).ceil().max(1.0) as u32;
        }
        count *= 2;
    }
}

fn time(operation: &mut Operation<'_>, count: u32) -> Duration {
    operation.prepare(count);
    let began = Instant::now();
    (0..count).for_each(|_| operation.run());
    began.elapsed()
}

fn print(table: &[Row], rounds: usize) {
    println!(
        "\n{:<58} {:>12} {:>8} {:>8} {:>8} {:>9}",
        "benchmark", "ns/op", "MB/s", "x first", "x limit", "allocs/op"
    );
    for row in table {
        let least_of = |wanted: &dyn Fn(&Row) -> bool| {
            let of = table.iter().find(|other| other.contest == row.contest && wanted(other));
            of.map_or_else(String::new, |other| format!("{:.2}", row.least / other.least))
        };
        let size = row.bytes.map_or_else(String::new, |bytes| format!("/{bytes}B"));
        println!(
            "{:<58} {:>12.1} {:>8} {:>8} {:>8} {:>9}",
            format!("{}/{}{size}", row.id, row.variant),
            row.least,
            row.bytes.map_or_else(String::new, |bytes| format!("{:.0}", bytes as f64 * 1e3 / row.least)),
            least_of(&|_| true),
            least_of(&|other| other.variant == "limit"),
            row.allocations,
        );
    }
    println!(
        "\nMinima of {rounds} interleaved rounds of {PORTIONS} portions. `x first`: as a multiple of the first row of its kind; \
         `x limit`: of the bare work."
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_count_allocations_and_time() {
        let contest = Contest::of_bytes("a", 8)
            .row("none", || black_box(1) + 1)
            .row("two", || (Box::new(black_box(1)), Box::new(black_box(2))));
        let rows = contest.in_rounds(0, 3);
        assert_eq!(rows.iter().map(|row| row.allocations).collect::<Vec<_>>(), [0.0, 2.0]);
        assert!(rows.iter().all(|row| row.least > 0.0 && row.least < 1e6));
    }
}
