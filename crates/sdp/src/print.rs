//! Writing values, and telling whether a value would be written as it was read.

use crate::grammar::{Fault, Grammar};
use alloc::string::String;
use core::fmt::{self, Write};

/// A decimal number.
pub(crate) fn number<W: Write>(out: &mut W, value: impl crate::grammar::Unsigned) -> fmt::Result {
    let mut value = value.to_u64();
    let mut digits = [b'0'; 20];
    let mut start = digits.len();
    for slot in digits.iter_mut().rev() {
        // Always one digit: the remainder of a division by ten.
        *slot = b'0' + u8::try_from(value % 10).unwrap_or(0);
        value /= 10;
        start -= 1;
        if value == 0 {
            break;
        }
    }
    let text = digits.get(start..).and_then(|digits| core::str::from_utf8(digits).ok());
    out.write_str(text.unwrap_or("0"))
}

/// `items` with `separator` between them.
pub(crate) fn list<W: Write, T>(
    out: &mut W,
    separator: &str,
    items: impl IntoIterator<Item = T>,
    mut each: impl FnMut(&mut W, T) -> fmt::Result,
) -> fmt::Result {
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.write_str(separator)?;
        }
        each(out, item)?;
    }
    Ok(())
}

/// Each of `words` with a space before it.
pub(crate) fn words<W: Write>(out: &mut W, words: impl IntoIterator<Item = impl AsRef<str>>) -> fmt::Result {
    for word in words {
        out.write_char(' ')?;
        out.write_str(word.as_ref())?;
    }
    Ok(())
}

/// One line of a description. Whatever the values hold, it stays one line: NUL, CR and LF come out as spaces.
pub(crate) fn line(
    out: &mut String,
    start: &str,
    value: impl FnOnce(&mut String) -> fmt::Result,
) -> fmt::Result {
    out.push_str(start);
    let from = out.len();
    value(out)?;
    if out.get(from..).is_some_and(|text| memchr::memchr3(b'\r', b'\n', 0, text.as_bytes()).is_some()) {
        let text = out.split_off(from);
        out.push_str(&text.replace(['\r', '\n', '\0'], " "));
    }
    out.push_str("\r\n");
    Ok(())
}

/// A line for each text.
pub(crate) fn text_lines<'a>(
    out: &mut String,
    start: &str,
    texts: impl IntoIterator<Item = &'a String>,
) -> fmt::Result {
    texts.into_iter().try_for_each(|text| line(out, start, |out| out.write_str(text)))
}

/// The value that `text` is, and whether writing it gives `text` again.
pub(crate) fn spelled<G: Grammar>(text: &str) -> Result<(G::Value, bool), Fault> {
    // Spaces around a value are taken where the value alone would be.
    let value = G::parse(text).or_else(|fault| G::parse(text.trim_matches(' ')).map_err(|_| fault))?;
    let mut same = Same { rest: text };
    let exact = G::write(&value, &mut same).is_ok() && same.rest.is_empty();
    Ok((value, exact))
}

/// Compares instead of writing; fails at the first difference.
struct Same<'a> {
    rest: &'a str,
}

impl Write for Same<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.rest = self.rest.strip_prefix(text).ok_or(fmt::Error)?;
        Ok(())
    }
}
