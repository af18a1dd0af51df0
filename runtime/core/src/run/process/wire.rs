//! Values as bytes, for messages between two processes of the same binary.

use std::ffi::OsString;
use std::path::Path;

use crate::os;

/// A value in a message.
pub(super) trait Wire: Sized {
    /// Appends the value.
    fn write(&self, out: &mut Vec<u8>);

    /// Removes the value from the beginning of the input.
    fn read(input: &mut &[u8]) -> Option<Self>;
}

/// Implements [`Wire`] for a type with fields, or for one with variants, which begin with a number.
macro_rules! wire {
    ($type:ident { $($field:ident),* }) => {
        impl Wire for $type {
            fn write(&self, out: &mut Vec<u8>) {
                $(self.$field.write(out);)*
            }

            fn read(input: &mut &[u8]) -> Option<Self> {
                $(let $field = Wire::read(input)?;)*
                Some($type { $($field),* })
            }
        }
    };
    ($type:ident { $($number:literal: $variant:ident $(($inner:ident))? $({ $($field:ident),* })?,)* }) => {
        impl Wire for $type {
            fn write(&self, out: &mut Vec<u8>) {
                match self {
                    $($type::$variant $(($inner))? $({ $($field),* })? => {
                        out.push($number);
                        $($inner.write(out);)?
                        $($($field.write(out);)*)?
                    })*
                }
            }

            fn read(input: &mut &[u8]) -> Option<Self> {
                match u8::read(input)? {
                    $($number => {
                        $(let $inner = Wire::read(input)?;)?
                        $($(let $field = Wire::read(input)?;)*)?
                        Some($type::$variant $(($inner))? $({ $($field),* })?)
                    })*
                    _ => None,
                }
            }
        }
    };
}
pub(super) use wire;

macro_rules! numbers {
    ($($type:ty)*) => {
        $(impl Wire for $type {
            fn write(&self, out: &mut Vec<u8>) {
                out.extend(self.to_le_bytes());
            }

            fn read(input: &mut &[u8]) -> Option<Self> {
                let (bytes, rest) = input.split_first_chunk()?;
                *input = rest;
                Some(Self::from_le_bytes(*bytes))
            }
        })*
    };
}

numbers! { u8 u16 u64 usize }

impl Wire for bool {
    fn write(&self, out: &mut Vec<u8>) {
        u8::from(*self).write(out);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        Some(u8::read(input)? == 1)
    }
}

impl Wire for String {
    fn write(&self, out: &mut Vec<u8>) {
        self.as_bytes().to_vec().write(out);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        String::from_utf8(Wire::read(input)?).ok()
    }
}

impl Wire for OsString {
    fn write(&self, out: &mut Vec<u8>) {
        os::path_to_bytes(Path::new(self)).write(out);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        Some(os::path_from_bytes(&Vec::read(input)?).into())
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn write(&self, out: &mut Vec<u8>) {
        self.len().write(out);
        for one in self {
            one.write(out);
        }
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        (0..usize::read(input)?).map(|_| T::read(input)).collect()
    }
}

impl<T: Wire> Wire for Option<T> {
    fn write(&self, out: &mut Vec<u8>) {
        self.is_some().write(out);
        if let Some(value) = self {
            value.write(out);
        }
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        if bool::read(input)? {
            T::read(input).map(Some)
        } else {
            Some(None)
        }
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
        self.1.write(out);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        Some((A::read(input)?, B::read(input)?))
    }
}
