//! The `halftone` program. Everything it does lives in the library; see [`halftone::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    halftone::cli::main()
}
