//! C libraries of the system that are loaded when they are first needed.
//!
//! They are not linked, so that a program that never meets their formats neither pays for them (4 MB
//! and ten further libraries per process, for libheif alone) nor refuses to start without them.
//!
//! This module knows how to find a library and its functions, and nothing of what they do.
#![allow(unsafe_code)]

use libloading::Library;

/// A library by the names of the versions whose interface is known, and where it comes from.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// File names, the preferred one first.
    pub names: &'static [&'static str],
    /// The Debian package that brings it.
    pub package: &'static str,
}

impl Wanted {
    /// Loads the first version that is there.
    ///
    /// # Errors
    /// A sentence that names the package.
    pub fn load(&self) -> Result<Library, String> {
        self.names
            .iter()
            // SAFETY: the names are those of well-known system libraries, found by the system's own
            // search path; their initialisers only set up tables of their own.
            .find_map(|name| unsafe { Library::new(*name) }.ok())
            .ok_or_else(|| {
                format!(
                    "a library is not installed on this server (Debian package {})",
                    self.package
                )
            })
    }
}

/// Declares a struct of C functions that are looked up in a loaded library by their names.
///
/// The signatures written there have to be those of the library's header.
macro_rules! functions {
    ($(#[$about:meta])* $name:ident { $(fn $function:ident($($arg:ty),* $(,)?) $(-> $ret:ty)?;)* }) => {
        $(#[$about])*
        pub(crate) struct $name {
            $(pub $function: unsafe extern "C" fn($($arg),*) $(-> $ret)?,)*
            /// Keeps the functions where they are.
            _library: libloading::Library,
        }

        impl $name {
            /// Looks all functions up.
            fn find(library: libloading::Library) -> Result<Self, String> {
                $(
                    // SAFETY: the signature is the header's.
                    let $function = *unsafe {
                        library.get(concat!(stringify!($function), "\0").as_bytes())
                    }
                    .map_err(|_| "a library on this server is too old".to_owned())?;
                )*
                Ok(Self { $($function,)* _library: library })
            }
        }
    };
}

pub(crate) use functions;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_names_its_package() {
        let wanted = Wanted { names: &["libthere-is-none.so.7"], package: "libthere7" };
        let error = wanted.load().map(drop).unwrap_err();
        assert!(error.contains("Debian package libthere7"), "{error}");
    }

    #[test]
    fn the_first_name_that_is_there_is_taken() {
        let wanted = Wanted { names: &["libthere-is-none.so.7", "libc.so.6"], package: "libc6" };
        assert!(wanted.load().is_ok());
    }
}
