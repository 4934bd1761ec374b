//! `cargo xtask spec`: per RFC, which sections the code cites, tests and departs from. Found with string search alone,
//! so a citation is worth writing in one form: `RFC 9260 §5.1`, `fn rfc9260_5_1_…`,
//! `// RFC 9260 §5.1.2: not done, because …`.

use crate::{Result, workspace};
use std::collections::BTreeMap;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Cited,
    Tested,
    Departed,
}

struct Citation {
    rfc: u32,
    section: String,
    kind: Kind,
    file: String,
    line: usize,
    text: String,
}

/// The verb `spec`.
pub(crate) fn main(args: &[String]) -> Result<()> {
    let mut found = Vec::new();
    for file in workspace::files()?.into_iter().filter(|name| name.ends_with(".rs")) {
        let Some(text) = workspace::content(&file) else { continue };
        for (number, line) in text.lines().enumerate() {
            found.extend(citations(line).into_iter().map(|(rfc, section, kind)| Citation {
                rfc,
                section,
                kind,
                file: file.clone(),
                line: number + 1,
                text: line.trim().into(),
            }));
        }
    }
    match args.first().map(|arg| arg.trim_start_matches(|c: char| !c.is_ascii_digit()).parse()) {
        None => overview(&found),
        Some(Ok(rfc)) => one(&found, rfc)?,
        Some(Err(_)) => return Err("give the number of an RFC, as in `cargo xtask spec 9260`".into()),
    }
    Ok(())
}

fn overview(found: &[Citation]) {
    println!("{:<10} {:>8} {:>8} {:>10}", "RFC", "cited", "tested", "departures");
    let mut rfcs: Vec<u32> = found.iter().map(|citation| citation.rfc).collect();
    rfcs.sort_unstable();
    rfcs.dedup();
    for rfc in rfcs {
        let count = |kind| {
            let mut sections: Vec<_> =
                found.iter().filter(|c| c.rfc == rfc && c.kind == kind).map(|c| &c.section).collect();
            sections.sort();
            sections.dedup();
            sections.len()
        };
        println!(
            "{rfc:<10} {:>8} {:>8} {:>10}",
            count(Kind::Cited),
            count(Kind::Tested),
            count(Kind::Departed)
        );
    }
    println!("\nSections, counted once each. `cargo xtask spec 9260` shows where.");
}

fn one(found: &[Citation], rfc: u32) -> Result<()> {
    let mut sections: BTreeMap<Vec<u32>, Vec<&Citation>> = BTreeMap::new();
    for citation in found.iter().filter(|citation| citation.rfc == rfc) {
        let order = citation.section.split('.').filter_map(|part| part.parse().ok()).collect();
        sections.entry(order).or_default().push(citation);
    }
    if sections.is_empty() {
        return Err(format!("nothing cites RFC {rfc}"));
    }
    for places in sections.values() {
        let section = places.first().map_or("", |citation| &citation.section);
        println!("RFC {rfc}{}{section}", if section.is_empty() { "" } else { " §" });
        for place in places {
            let what = match place.kind {
                Kind::Cited => "cited in".into(),
                Kind::Tested => "tested in".into(),
                Kind::Departed => format!("{}\n    in", place.text),
            };
            println!("    {what} {}:{}", place.file, place.line);
        }
    }
    Ok(())
}

/// What one line says of RFCs.
fn citations(line: &str) -> Vec<(u32, String, Kind)> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices("RFC ") {
        let rest = line.get(at + 4..).unwrap_or_default();
        let Some((rfc, rest)) = number(rest) else { continue };
        let section = rest.strip_prefix(" §").map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(rest.len());
            rest.get(..end).unwrap_or_default().trim_end_matches('.').to_owned()
        });
        let departed = line.contains("not done, because");
        found.push((rfc, section.unwrap_or_default(), if departed { Kind::Departed } else { Kind::Cited }));
    }
    if let Some((_, rest)) = line.split_once("fn rfc")
        && let Some((rfc, rest)) = number(rest)
    {
        let parts: Vec<&str> =
            rest.split(['_', '(']).skip(1).take_while(|part| part.parse::<u32>().is_ok()).collect();
        found.push((rfc, parts.join("."), Kind::Tested));
    }
    found
}

fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_three_forms() {
        let check = |line, rfc, section: &str, expect: Kind| {
            let found = citations(line);
            assert_eq!(found.len(), 1, "{line}");
            assert!(found[0] == (rfc, section.to_owned(), expect), "{line}: {:?}", found[0].1);
        };
        check("/// ChannelData message, RFC 8656 §12.4.", 8656, "12.4", Kind::Cited);
        check("// RFC 5769 has them", 5769, "", Kind::Cited);
        check("// RFC 9260 §5.1.2: not done, because nobody sends it", 9260, "5.1.2", Kind::Departed);
        check("fn rfc8489_6_2_1_timeline() {", 8489, "6.2.1", Kind::Tested);
        check("#[test] fn rfc9260_5_1() {", 9260, "5.1", Kind::Tested);
        check("/// RFC 8439 §A.1", 8439, "A.1", Kind::Cited);
    }
}
