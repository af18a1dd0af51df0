//! Nothing: only the tests of this package are of use.
