//! The shape of a suite that is measured.

/// Makes 20 modules with ten tests each, of which `$test` writes one.
macro_rules! suite {
    ($test:ident) => {
        suite! { @ $test a b c d e f g h i j k l m n o p q r s t }
    };
    (@ $test:ident $($name:ident)*) => {
        $(mod $name {
            suite! { # $test a b c d e f g h i j }
        })*
    };
    (# $test:ident $($name:ident)*) => {
        $($test! { $name })*
    };
}
