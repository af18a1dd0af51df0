//! The currency of the books.

use std::sync::OnceLock;

static DEFAULT: OnceLock<String> = OnceLock::new();

/// Chooses the currency. The first choice counts.
pub fn choose(code: &str) {
    let _ = DEFAULT.set(code.to_owned());
}

/// The chosen currency, or euros.
pub fn chosen() -> &'static str {
    DEFAULT.get().map_or("EUR", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_euro_without_a_choice() {
        assert_eq!(chosen(), "EUR");
    }

    #[test]
    fn can_be_the_franc() {
        choose("CHF");
        assert_eq!(chosen(), "CHF");
    }

    #[test]
    fn is_chosen_once() {
        choose("SEK");
        choose("DKK");
        assert_eq!(chosen(), "SEK");
    }
}
