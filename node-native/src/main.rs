//! The command `tabmesh`; see the library for everything.

fn main() -> std::process::ExitCode {
    tabmesh_native::cli::main()
}
