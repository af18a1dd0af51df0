//! The values and asynchronous resources of a test: their place among its resources, and those of a
//! module that it leaves out.

use syn::Ident;

use super::{Expression, Wanted};
use crate::mention::mentions;
use crate::test_fn::TestFn;

impl Wanted {
    /// Moves the values and asynchronous resources after the other resources, so that the position
    /// of each of those is its position in the spec. Values are made later than all of those.
    pub(super) fn settle_values(&mut self, function: &TestFn) {
        self.resources
            .sort_by_key(|resource| resource.value().is_some());
        if function.asyncness.is_none() {
            self.leave_out_what_cannot_be_awaited(function);
        }
    }

    /// The values and asynchronous resources with their names, in source order.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&Ident, &Expression)> {
        let all = self.resources.iter();
        all.filter_map(|resource| Some((&resource.name, resource.value()?)))
    }

    /// Leaves out the values and asynchronous resources of a module that a synchronous test cannot
    /// make and does not use.
    fn leave_out_what_cannot_be_awaited(&mut self, function: &TestFn) {
        let all = &self.resources;
        let mut is_used: Vec<bool> = all.iter().map(|one| !one.is_inherited).collect();
        let bound = function.parameters.iter();
        for index in bound.filter_map(|parameter| self.bound_to(parameter)) {
            is_used[index] = true;
        }
        for (index, user) in all.iter().enumerate().rev() {
            if let (true, Some(value)) = (is_used[index], user.value()) {
                for (earlier, used) in all[..index].iter().zip(&mut is_used) {
                    *used |= mentions(&value.tokens, &earlier.name);
                }
            }
        }
        let (mut kept, mut left_out) = (Vec::new(), Vec::new());
        for (one, is_used) in std::mem::take(&mut self.resources).into_iter().zip(is_used) {
            let cannot_be_made = one.value().is_some_and(|value| {
                one.needs_async()
                    || left_out
                        .iter()
                        .any(|earlier| mentions(&value.tokens, earlier))
            });
            if cannot_be_made && !is_used {
                left_out.push(one.name);
            } else {
                kept.push(one);
            }
        }
        self.resources = kept;
    }
}
