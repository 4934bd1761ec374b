//! The attributes of a session or of a media section, in order, and how each was spelled.

use crate::attribute::{self, Attribute};
use crate::error::ParseError;
use crate::lines::Lines;
use crate::print;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// A list of [`Attribute`]s.
///
/// One value can be spelled in several ways (`udp` or `UDP`, spaces after a colon). A list that was parsed
/// remembers the spelling of every attribute that it would print differently, so that printing gives back the
/// text; two lists are equal if they print the same.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    entries: Vec<Entry>,
}

#[derive(Clone, PartialEq, Eq)]
struct Entry {
    attribute: Attribute,
    /// What stood behind `a=`, where printing the attribute would give something else.
    spelling: Option<Box<str>>,
}

impl Attributes {
    /// No attributes.
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All of them, in order.
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.entries.iter())
    }

    /// Adds `attribute` behind the others.
    pub fn push(&mut self, attribute: Attribute) {
        self.entries.push(Entry { attribute, spelling: None });
    }

    pub(crate) fn push_spelled(&mut self, attribute: Attribute, spelling: Option<&str>) {
        self.entries.push(Entry { attribute, spelling: spelling.map(Into::into) });
    }

    /// Keeps only what `keep` says.
    pub fn retain(&mut self, mut keep: impl FnMut(&Attribute) -> bool) {
        self.entries.retain(|entry| keep(&entry.attribute));
    }

    pub(crate) fn parse_lines(&mut self, lines: &mut Lines<'_>) -> Result<(), ParseError> {
        while let Some(line) = lines.next_attribute()? {
            attribute::parse(line.value, self).map_err(|fault| line.error(fault))?;
        }
        Ok(())
    }

    pub(crate) fn write(&self, out: &mut String) -> fmt::Result {
        self.entries.iter().try_for_each(|Entry { attribute, spelling }| {
            print::line(out, "a=", |out| match spelling {
                Some(spelling) => {
                    out.push_str(spelling);
                    Ok(())
                }
                None => attribute.write(out),
            })
        })
    }
}

/// The attributes of an [`Attributes`], in order.
#[derive(Clone)]
pub struct Iter<'a>(core::slice::Iter<'a, Entry>);

impl<'a> Iterator for Iter<'a> {
    type Item = &'a Attribute;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|entry| &entry.attribute)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<'a> IntoIterator for &'a Attributes {
    type Item = &'a Attribute;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Extend<Attribute> for Attributes {
    fn extend<I: IntoIterator<Item = Attribute>>(&mut self, attributes: I) {
        attributes.into_iter().for_each(|attribute| self.push(attribute));
    }
}

impl FromIterator<Attribute> for Attributes {
    fn from_iter<I: IntoIterator<Item = Attribute>>(attributes: I) -> Self {
        Self {
            entries: attributes.into_iter().map(|attribute| Entry { attribute, spelling: None }).collect(),
        }
    }
}

impl From<Vec<Attribute>> for Attributes {
    fn from(attributes: Vec<Attribute>) -> Self {
        attributes.into_iter().collect()
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}
