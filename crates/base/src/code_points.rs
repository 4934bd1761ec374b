//! Registry values as newtypes, so that unknown ones survive a round trip.

/// Defines a newtype over an unsigned integer with named values; `Debug` shows the name, or hex.
///
/// ```
/// siskin_base::code_points! {
///     /// RFC 8489 §18.3.
///     pub struct Attribute(u16) { USERNAME = 0x0006, FINGERPRINT = 0x8028, }
/// }
/// assert_eq!(format!("{:?} {:?}", Attribute::USERNAME, Attribute(0x7777)), "USERNAME 0x7777");
/// ```
#[macro_export]
macro_rules! code_points {
    ($(#[$meta:meta])* $vis:vis struct $name:ident($int:ty) { $($(#[$doc:meta])* $value:ident = $number:expr),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis struct $name(pub $int);

        #[allow(missing_docs, reason = "the registry's own names, documented there")]
        impl $name {
            $($(#[$doc])* pub const $value: Self = Self($number);)*
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match *self {
                    $(Self::$value => f.write_str(stringify!($value)),)*
                    Self(other) => write!(f, "{other:#x}"),
                }
            }
        }
    };
}
