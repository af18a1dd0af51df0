//! The rules for types, as far as tokens show them. The compiler checks the rest.

use proc_macro2::TokenTree;

use crate::errors::{Errors, list};
use crate::harness;
use crate::model::{Kind, Model};
use crate::test_fn::TestFn;

/// The types that a message suggests for a resource.
fn forms(kind: &Kind) -> Option<String> {
    let forms: &[&str] = match kind {
        Kind::Port { count: None, .. } => &[
            "Port",
            "&Port",
            "u16",
            "SocketAddr",
            "SocketAddrV4",
            "String",
            "TcpListener",
            "UdpSocket",
        ],
        Kind::Port { count: Some(_), .. } => &["&[Port]", "Vec<Port>", "Vec<u16>"],
        Kind::TmpDir { .. } => &["TmpDir", "&TmpDir", "&Path", "PathBuf"],
        Kind::Namespace => &["Namespace", "&Namespace", "&str", "String"],
        Kind::Seed => &["u64"],
        Kind::Pool(_) => &["&str", "String"],
        Kind::Custom(_) | Kind::Value(_) | Kind::Awaited(_) => return None,
    };
    Some(list(forms.iter().copied()))
}

pub(super) fn bound_types_are_concrete(model: &Model, function: &TestFn, errors: &mut Errors) {
    for (parameter, binding) in function.parameters.iter().zip(&model.bindings) {
        let resource = binding.and_then(|index| model.wanted.resources.get(index));
        let behind = parameter.behind_the_reference();
        let is_opaque = matches!(behind.first(), Some(TokenTree::Ident(word)) if word == "impl");
        if let (Some(resource), true) = (resource, is_opaque) {
            let one_of =
                forms(&resource.kind).map_or_else(String::new, |forms| format!(": one of {forms}"));
            let message = format!(
                "the type of a resource cannot be chosen by its traits; write a concrete type{one_of}"
            );
            errors.at(&parameter.ty, message);
        }
    }
}

pub(super) fn resources_are_lent_for_the_test(
    model: &Model,
    function: &TestFn,
    errors: &mut Errors,
) {
    for (parameter, binding) in function.parameters.iter().zip(&model.bindings) {
        let resource = binding.and_then(|index| model.wanted.resources.get(index));
        let Some(resource) = resource else { continue };
        // The items of a pool are constants.
        let is_constant = matches!(resource.kind, Kind::Pool(_));
        if !is_constant
            && parameter
                .lifetime()
                .is_some_and(|lifetime| lifetime == "static")
        {
            let message = "a resource is lent for the test only; remove `'static`, or take it by value \
                           to keep it for longer";
            errors.at(&parameter.ty, message);
        }
    }
}

/// Rejects types without `Termination` that tokens alone identify: primitives, `String`, tuples,
/// arrays, references, `Option` and `Vec`.
pub(super) fn value_can_fail_a_test(function: &TestFn, errors: &mut Errors) {
    let is_judged = harness::judges_value(&function.attributes);
    if let (Some(output), false) = (&function.output, is_judged) {
        if function.returns_plain_data() {
            let message = format!(
                "a test cannot return `{output}`, because nobody looks at it; return nothing and assert it in the \
                 body, or return a `Result<(), E>`"
            );
            errors.at(output, message);
        }
    }
}
