//! Randomness for names, numbers and seeds.

use uuid::Uuid;

/// The digits of names: safe in file names, DNS labels and SQL, even where case is ignored.
const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// Returns a 128-bit number with 122 random bits.
pub(crate) fn bits() -> u128 {
    Uuid::new_v4().as_u128()
}

/// Returns a random 64-bit number.
pub(crate) fn number() -> u64 {
    let (high, low) = Uuid::new_v4().as_u64_pair();
    // The fixed bits of a version 4 UUID are at different positions in the two halves.
    high ^ low.rotate_left(32)
}

/// Returns a random word of `length` lowercase letters and digits.
pub(crate) fn word(length: usize) -> String {
    digits(u128::from(number()), length)
}

/// Formats a number with `length` digits in base 36, the least significant digit first.
pub(crate) fn digits(mut number: u128, length: usize) -> String {
    let mut text = vec![0; length];
    for digit in &mut text {
        *digit = DIGITS[(number % 36) as usize];
        number /= 36;
    }
    String::from_utf8(text).unwrap_or_default()
}
