//! Where each attribute of an op goes.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token};

use crate::hygiene::mentions;

/// The attributes of an op, by where they go.
#[derive(Default)]
pub(crate) struct Attrs {
    /// On every generated item.
    pub(crate) cfg: Vec<TokenStream>,
    /// On the public function.
    pub(crate) public: Vec<TokenStream>,
    /// On the user's function.
    pub(crate) compute: Vec<TokenStream>,
}

#[derive(Clone, Copy, PartialEq)]
enum Home {
    Everywhere,
    Public,
    Compute,
    Functions,
}

impl Attrs {
    pub(crate) fn new(attrs: &[Attribute]) -> Self {
        let mut sorted = Self::default();
        for attr in attrs {
            for (home, meta) in homes(&attr.meta) {
                sorted.add(home, quote!(#[#meta]));
            }
        }
        sorted
    }

    fn add(&mut self, home: Home, attr: TokenStream) {
        match home {
            Home::Everywhere => self.cfg.push(attr),
            Home::Public => self.public.push(attr),
            Home::Compute => self.compute.push(attr),
            Home::Functions => {
                self.public.push(attr.clone());
                self.compute.push(attr);
            }
        }
    }
}

/// A `cfg_attr` is taken apart, as what it holds may go to different places.
fn homes(meta: &Meta) -> Vec<(Home, TokenStream)> {
    if let Meta::List(list) = meta
        && list.path.is_ident("cfg_attr")
        && let Ok(parts) = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
    {
        let mut parts = parts.iter();
        let condition = parts.next();
        let (path, parts) = (&list.path, parts.flat_map(homes));
        return parts.map(|(home, part)| (home, quote!(#path(#condition, #part)))).collect();
    }
    vec![(home(meta), meta.to_token_stream())]
}

fn home(meta: &Meta) -> Home {
    let path = meta.path();
    let is = |names: &[&str]| names.iter().any(|name| path.is_ident(name));
    if is(&["cfg"]) {
        Home::Everywhere
    } else if is(&["doc", "deprecated", "must_use"]) || is(&["expect"]) && is_about_use(meta) {
        Home::Public
    } else if is(&["allow", "warn", "deny", "forbid"]) {
        Home::Functions
    } else {
        Home::Compute
    }
}

/// Says whether an expected lint fires on the public function and not on the user's.
fn is_about_use(meta: &Meta) -> bool {
    ["dead_code", "unused", "missing_docs", "unreachable_pub"].into_iter().any(|lint| {
        let lint = proc_macro2::Ident::new(lint, proc_macro2::Span::call_site());
        mentions(meta.to_token_stream(), &lint)
    })
}
