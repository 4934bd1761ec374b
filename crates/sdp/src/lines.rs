//! A text cut into lines, with their positions.

use crate::error::{Expected, Limit, ParseError, Reason};
use crate::grammar::Fault;
use crate::limits::Limits;

/// One line `<type>=<value>`.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) kind: u8,
    pub(crate) value: &'a str,
    pub(crate) number: u32,
}

impl Line<'_> {
    /// What `fault` means in this line; its position counts from the end of the value.
    pub(crate) fn error(&self, fault: Fault) -> ParseError {
        let before = self.value.len().saturating_sub(fault.left);
        let before = self.value.get(..before).map_or(before, |text| text.chars().count());
        let column = u32::try_from(before + 3).unwrap_or(u32::MAX);
        ParseError { line: self.number, column, reason: Reason::Expected(fault.expected) }
    }

    /// The line as a whole is not what belongs here.
    pub(crate) fn misplaced(&self, expected: Expected) -> ParseError {
        ParseError { line: self.number, column: 1, reason: Reason::Expected(expected) }
    }

    pub(crate) fn too_large(&self, limit: Limit) -> ParseError {
        ParseError { line: self.number, column: 1, reason: Reason::TooLarge(limit) }
    }
}

/// The lines still to come, with one to look at.
pub(crate) struct Lines<'a> {
    rest: &'a str,
    number: u32,
    limits: Limits,
    attributes: usize,
    current: Option<Line<'a>>,
}

impl<'a> Lines<'a> {
    /// Lines end with CRLF or with LF alone (RFC 8866 §5); the last may end with the text. Empty lines are
    /// allowed at the end of the text only.
    pub(crate) fn new(text: &'a str, limits: &Limits) -> Result<Self, ParseError> {
        if text.len() > limits.bytes {
            let reason = Reason::TooLarge(Limit::Bytes(limits.bytes));
            return Err(ParseError { line: 1, column: 1, reason });
        }
        // A short text cannot have too many.
        let items = || text.bytes().filter(|byte| matches!(byte, b' ' | b',' | b';')).count();
        if text.len() > limits.items && items() > limits.items {
            let reason = Reason::TooLarge(Limit::Items(limits.items));
            return Err(ParseError { line: 1, column: 1, reason });
        }
        let mut lines = Self {
            rest: text.trim_end_matches(['\r', '\n']),
            number: 0,
            limits: *limits,
            attributes: 0,
            current: None,
        };
        lines.advance()?;
        Ok(lines)
    }

    /// The next line, if it is an attribute; counted against the limit.
    pub(crate) fn next_attribute(&mut self) -> Result<Option<Line<'a>>, ParseError> {
        let Some(line) = self.next_if(b'a')? else { return Ok(None) };
        self.attributes += 1;
        if self.attributes > self.limits.attributes {
            return Err(line.too_large(Limit::Attributes(self.limits.attributes)));
        }
        Ok(Some(line))
    }

    /// The next line, if it starts a media section; `sections` came before it.
    pub(crate) fn next_media(&mut self, sections: usize) -> Result<Option<Line<'a>>, ParseError> {
        match self.next_if(b'm')? {
            Some(line) if sections >= self.limits.media => {
                Err(line.too_large(Limit::Media(self.limits.media)))
            }
            line => Ok(line),
        }
    }

    /// The line that comes next.
    pub(crate) fn peek(&self) -> Option<Line<'a>> {
        self.current
    }

    /// The next line, if it is of this kind.
    pub(crate) fn next_if(&mut self, kind: u8) -> Result<Option<Line<'a>>, ParseError> {
        match self.current {
            Some(line) if line.kind == kind => {
                self.advance()?;
                Ok(Some(line))
            }
            _ => Ok(None),
        }
    }

    /// The next line, which must be of this kind.
    pub(crate) fn expect(&mut self, kind: u8) -> Result<Line<'a>, ParseError> {
        match self.next_if(kind)? {
            Some(line) => Ok(line),
            None => Err(self.misplaced(Expected::Line(kind.into()))),
        }
    }

    /// An error at the start of the next line, or behind the last.
    pub(crate) fn misplaced(&self, expected: Expected) -> ParseError {
        let number = self.current.map_or(self.number + 1, |line| line.number);
        ParseError { line: number, column: 1, reason: Reason::Expected(expected) }
    }

    fn advance(&mut self) -> Result<(), ParseError> {
        if self.rest.is_empty() {
            self.current = None;
            return Ok(());
        }
        self.number += 1;
        let at = |column: usize, reason| ParseError {
            line: self.number,
            column: u32::try_from(column).unwrap_or(u32::MAX),
            reason,
        };
        if usize::try_from(self.number).is_ok_and(|number| number > self.limits.lines) {
            return Err(at(1, Reason::TooLarge(Limit::Lines(self.limits.lines))));
        }
        let (line, rest) = match memchr::memchr(b'\n', self.rest.as_bytes()) {
            Some(end) => (self.rest.get(..end), self.rest.get(end + 1..)),
            None => (Some(self.rest), None),
        };
        let line = line.unwrap_or_default();
        let line = line.strip_suffix('\r').unwrap_or(line);
        if let Some(position) = memchr::memchr2(b'\r', 0, line.as_bytes()) {
            let before = line.get(..position).map_or(position, |text| text.chars().count());
            return Err(at(before + 1, Reason::Expected(Expected::Text)));
        }
        let (kind, value) = match line.as_bytes() {
            [kind @ b'a'..=b'z', b'=', ..] => (*kind, line.get(2..).unwrap_or_default()),
            [b'a'..=b'z', ..] => return Err(at(2, Reason::Expected(Expected::LineType))),
            _ => return Err(at(1, Reason::Expected(Expected::LineType))),
        };
        self.rest = rest.unwrap_or_default();
        self.current = Some(Line { kind, value, number: self.number });
        Ok(())
    }
}
