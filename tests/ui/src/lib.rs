//! Ops and jobs where little is as usual: it compiles, without a warning.

#![no_implicit_prelude]
#![deny(missing_docs)]

/// The facade under another name.
pub mod renamed {
    pub use ::dynagraph::*;
}

/// Types that have the names which generated code could mean.
pub mod taken {
    use ::core::clone::Clone;
    use ::core::convert::Into as _;
    use ::core::fmt::Debug;
    use ::core::result::Result::Ok as Fine;

    use crate::renamed::{DynamicOut, DynamicOutput, OpContext, OpError, OutputHandle, job, op};

    macro_rules! taken {
        ($($name:ident)*) => {
            $(
                #[doc = "Stands in the way."]
                #[derive(Debug, Clone)]
                pub struct $name;
            )*
        };
    }

    taken!(Box From Ok Op Option Outputs Result Send Some String Vec);

    /// Stands in the way.
    pub mod core {}

    /// Stands in the way.
    pub mod dynagraph {}

    /// Has inputs that are called as locals could be.
    #[op(crate = crate::renamed)]
    #[expect(unused_variables, reason = "their names matter")]
    pub fn locals(call: Outputs, out: Op, output: Option, value: Vec, error: Ok) -> Some {
        Some
    }

    /// Has two outputs.
    #[op(crate = crate::renamed, out(first, second))]
    pub fn split(outputs: &Outputs) -> (Outputs, ::std::vec::Vec<DynamicOutput<Box>>) {
        (outputs.clone(), ::std::vec::Vec::new())
    }

    /// Has two emitted outputs.
    #[op(crate = crate::renamed)]
    #[expect(unused_variables, reason = "their names matter")]
    pub async fn emit(
        call: &Outputs,
        node: DynamicOut<Box>,
        place: DynamicOut<u8>,
        ctx: OpContext,
    ) -> ::core::result::Result<(), OpError> {
        node.emit(Box, "key").await?;
        Fine(())
    }

    /// Has an input of its own name.
    #[op(crate = crate::renamed)]
    pub fn same<T: Clone>(same: T) -> T {
        same
    }

    /// Calls itself.
    #[op(crate = crate::renamed)]
    pub fn count_down(r#type: u64) -> u64 {
        if r#type == 0 { 0 } else { count_down(r#type - 1) }
    }

    /// Is generic, and has two outputs.
    #[op(crate = crate::renamed, out(all, first))]
    pub fn first<T: ::core::marker::Copy, const N: usize>(
        values: [T; N],
    ) -> ::core::result::Result<([T; N], T), OpError> {
        let first = values.first().ok_or("no value")?;
        Fine((values, *first))
    }

    /// Uses most of them.
    #[job(crate = crate::renamed)]
    pub fn usual(value: u8) -> OutputHandle<[u8; 3]> {
        let firsts = first([value, value, value]);
        let (all, _) = firsts.into();
        same(firsts.all);
        split(Outputs).second.map(same);
        emit(Outputs).place.map(same);
        count_down(3);
        all
    }
}

macro_rules! ops {
    ($($name:ident: $input:ty),*) => {
        $(
            #[doc = "Made by a macro."]
            #[crate::renamed::op(crate = crate::renamed)]
            pub fn $name(_value: $input) -> u64 {
                1
            }
        )*
    };
}

ops!(made_of_owned: u64, made_of_borrowed: &u64);
