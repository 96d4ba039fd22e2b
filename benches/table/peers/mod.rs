//! The rows as other crates say them, each by its own documentation.

pub(crate) mod async_dag;
pub(crate) mod cano;
pub(crate) mod dagx;
pub(crate) mod floxide;
pub(crate) mod orka;
