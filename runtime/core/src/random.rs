//! Randomness for names, numbers and seeds.

use uuid::Uuid;

/// The digits of names: safe in file names, DNS labels and SQL, also where case is ignored.
const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// Returns 122 random bits in a number of 128.
pub(crate) fn bits() -> u128 {
    Uuid::new_v4().as_u128()
}

/// Returns a random number of 64 bits.
pub(crate) fn number() -> u64 {
    let (high, low) = Uuid::new_v4().as_u64_pair();
    // The fixed bits of a version 4 identifier stand in different places of the two halves.
    high ^ low.rotate_left(32)
}

/// Returns a random word of this many lowercase letters and digits.
pub(crate) fn word(length: usize) -> String {
    digits(u128::from(number()), length)
}

/// Writes a number with this many digits to base 36, the last one first.
pub(crate) fn digits(mut number: u128, length: usize) -> String {
    let mut text = vec![0; length];
    for digit in &mut text {
        *digit = DIGITS[(number % 36) as usize];
        number /= 36;
    }
    String::from_utf8(text).unwrap_or_default()
}
