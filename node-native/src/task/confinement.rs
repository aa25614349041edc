//! What the process may do that compiles other people's modules: read what it is given, compute, and answer. A fault of the
//! compiler that a module makes use of finds no file, no network and no other process.

/// Processor time that a module may take to compile, in seconds.
pub const SECONDS_MAX: u64 = 120;

/// Bytes of memory that it may take.
pub const MEMORY_BYTES_MAX: u64 = 4 << 30;

/// Confines this process, for good; to be called before it starts a thread. A host whose kernel knows one of the ways less has
/// the others.
pub fn confine_this_process() {
    #[cfg(unix)]
    bound();
    #[cfg(target_os = "linux")]
    {
        // Each sets `no_new_privs` as well.
        let _ = linux::without_files_and_network();
        let _ = linux::without_system_calls();
    }
}

/// What is beyond ends the process.
#[cfg(unix)]
fn bound() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let limits = [
        (Resource::Cpu, SECONDS_MAX),
        (Resource::As, MEMORY_BYTES_MAX),
        // Neither a file nor what is left of it in one.
        (Resource::Fsize, 0),
        (Resource::Core, 0),
    ];
    for (resource, most) in limits {
        let _ = setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeMap;

    use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetError, Scope};
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter_all_threads};

    /// What the kernel knows as of this version of Landlock is asked for; older ones do what they know.
    const NEWEST: ABI = ABI::V6;

    /// What a compiler has no use for, and an intruder has: others' ears and memory, other programs, other rights.
    const DENIED: [i64; 30] = [
        libc::SYS_accept4,
        libc::SYS_add_key,
        libc::SYS_bind,
        libc::SYS_bpf,
        libc::SYS_connect,
        libc::SYS_execve,
        libc::SYS_execveat,
        libc::SYS_init_module,
        // Its requests pass by every filter.
        libc::SYS_io_uring_setup,
        libc::SYS_keyctl,
        libc::SYS_kexec_load,
        libc::SYS_kill,
        libc::SYS_listen,
        libc::SYS_mount,
        libc::SYS_open_by_handle_at,
        libc::SYS_perf_event_open,
        libc::SYS_pidfd_getfd,
        libc::SYS_pidfd_open,
        libc::SYS_pidfd_send_signal,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_ptrace,
        libc::SYS_request_key,
        libc::SYS_sendto,
        libc::SYS_setns,
        libc::SYS_socket,
        libc::SYS_socketpair,
        libc::SYS_unshare,
        libc::SYS_userfaultfd,
        libc::SYS_umount2,
    ];

    /// No file can be opened or made from now on, no port opened or reached.
    pub(super) fn without_files_and_network() -> Result<(), RulesetError> {
        Ruleset::default()
            .handle_access(AccessFs::from_all(NEWEST))?
            .handle_access(AccessNet::from_all(NEWEST))?
            .scope(Scope::from_all(NEWEST))?
            .create()?
            .restrict_self()?;
        Ok(())
    }

    /// The denied system calls answer that they are not permitted.
    pub(super) fn without_system_calls() -> Result<(), seccompiler::Error> {
        let denied: BTreeMap<i64, Vec<_>> = DENIED.map(|call| (call, Vec::new())).into();
        let refusal = SeccompAction::Errno(libc::EPERM as u32);
        let filter =
            SeccompFilter::new(denied, SeccompAction::Allow, refusal, std::env::consts::ARCH.try_into()?)?;
        let program: BpfProgram = filter.try_into()?;
        apply_filter_all_threads(&program)
    }
}
