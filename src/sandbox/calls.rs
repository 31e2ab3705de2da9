//! The calls into the system that are left to a child: a list of what may be done, all else fails.
//!
//! A call that is not on the list fails with EPERM instead of ending the process, because libraries
//! try things that they can do without. New processes, sockets and other files are never on it for
//! decoders that run in the child itself; where a program decodes, the child may start it and open files,
//! which landlock then judges. The program itself starts no process (`no_processes`).

use std::collections::BTreeMap;
use std::io;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};

use crate::pixel::decode::{Confinement, Needs};

/// Memory, time, threads of one's own, and the files that are open already.
const ALWAYS: &[libc::c_long] = &[
    libc::SYS_brk,
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_close,
    libc::SYS_dup,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_fcntl,
    libc::SYS_fstat,
    libc::SYS_futex,
    libc::SYS_get_robust_list,
    libc::SYS_getcpu,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_gettid,
    libc::SYS_gettimeofday,
    libc::SYS_lseek,
    libc::SYS_madvise,
    libc::SYS_membarrier,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_nanosleep,
    libc::SYS_ppoll,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_sendmsg,
    libc::SYS_sendto,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_sigaltstack,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    libc::SYS_write,
    libc::SYS_writev,
    // Answered with ENOSYS by a filter of its own, see `restrict`.
    libc::SYS_clone3,
];

#[cfg(target_arch = "x86_64")]
const ALWAYS_HERE: &[libc::c_long] = &[libc::SYS_arch_prctl, libc::SYS_poll, libc::SYS_time];
#[cfg(not(target_arch = "x86_64"))]
const ALWAYS_HERE: &[libc::c_long] = &[];

/// Looking at files and reading them; landlock says which.
const FILES: &[libc::c_long] = &[
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_fstatfs,
    libc::SYS_getdents64,
    libc::SYS_newfstatat,
    libc::SYS_readlinkat,
    libc::SYS_statfs,
    libc::SYS_statx,
];

#[cfg(target_arch = "x86_64")]
const FILES_HERE: &[libc::c_long] =
    &[libc::SYS_access, libc::SYS_lstat, libc::SYS_readlink, libc::SYS_stat];
#[cfg(not(target_arch = "x86_64"))]
const FILES_HERE: &[libc::c_long] = &[];

/// Starting a program and writing scratch files.
const PROGRAMS: &[libc::c_long] = &[
    libc::SYS_chdir,
    libc::SYS_clone,
    libc::SYS_close_range,
    libc::SYS_dup3,
    libc::SYS_execve,
    libc::SYS_fadvise64,
    libc::SYS_fallocate,
    libc::SYS_fchmod,
    libc::SYS_ftruncate,
    libc::SYS_getcwd,
    libc::SYS_getegid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getpgid,
    libc::SYS_getppid,
    libc::SYS_getuid,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_pipe2,
    libc::SYS_pselect6,
    libc::SYS_pwrite64,
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    // Taking more away, see `no_processes`.
    libc::SYS_seccomp,
    libc::SYS_times,
    libc::SYS_umask,
    libc::SYS_wait4,
    libc::SYS_waitid,
];

#[cfg(target_arch = "x86_64")]
const PROGRAMS_HERE: &[libc::c_long] =
    &[libc::SYS_dup2, libc::SYS_getpgrp, libc::SYS_pipe, libc::SYS_select, libc::SYS_vfork];
#[cfg(not(target_arch = "x86_64"))]
const PROGRAMS_HERE: &[libc::c_long] = &[];

type Table = BTreeMap<i64, Vec<SeccompRule>>;

/// Leaves this process only what its decoders need.
pub fn restrict(needs: Needs) -> io::Result<()> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(io::Error::other)?;
    // What clone3 would do stands in memory, which a filter cannot see: libraries are told that it
    // does not exist and fall back to clone, which can be judged.
    let clone3 = Table::from([(libc::SYS_clone3, Vec::new())]);
    let missing = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    install(SeccompFilter::new(clone3, SeccompAction::Allow, missing, arch))?;
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let table = table(needs).map_err(io::Error::other)?;
    install(SeccompFilter::new(table, refused, SeccompAction::Allow, arch))
}

/// What a program's process does to itself before the program starts, so that it stays one process:
/// threads can be started after that, and nothing else. That clone3 does not exist is said already. A
/// bound on processes could not say so, since it counts all processes of the user.
///
/// # Errors
/// When the filter cannot be made.
pub fn no_processes() -> io::Result<Confinement> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(io::Error::other)?;
    let thread = libc::CLONE_THREAD.unsigned_abs().into();
    let alone = rule(0, SeccompCmpOp::MaskedEq(thread), 0).map_err(io::Error::other)?;
    let mut table = Table::from([(libc::SYS_clone, vec![alone])]);
    #[cfg(target_arch = "x86_64")]
    table.extend([libc::SYS_fork, libc::SYS_vfork].map(|call| (call, Vec::new())));
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let filter = SeccompFilter::new(table, SeccompAction::Allow, refused, arch);
    let program = compiled(filter)?;
    // After a fork nothing must be allocated, also when it fails.
    Ok(Box::new(move || {
        apply_filter(&program).map_err(|_| io::Error::from_raw_os_error(libc::EPERM))
    }))
}

fn install(filter: Result<SeccompFilter, seccompiler::BackendError>) -> io::Result<()> {
    apply_filter(&compiled(filter)?).map_err(io::Error::other)
}

fn compiled(filter: Result<SeccompFilter, seccompiler::BackendError>) -> io::Result<BpfProgram> {
    filter.and_then(SeccompFilter::try_into).map_err(io::Error::other)
}

fn table(needs: Needs) -> Result<Table, seccompiler::BackendError> {
    let mut table = Table::new();
    let mut add =
        |calls: &[libc::c_long]| table.extend(calls.iter().map(|call| (*call, Vec::new())));
    add(ALWAYS);
    add(ALWAYS_HERE);
    if needs != Needs::Nothing {
        add(FILES);
        add(FILES_HERE);
    }
    if let Needs::Tool(_) = needs {
        add(PROGRAMS);
        add(PROGRAMS_HERE);
    }
    for (call, rule) in conditions(needs)? {
        table.entry(call).or_default().push(rule);
    }
    Ok(table)
}

/// Calls that depend on what they are told.
fn conditions(needs: Needs) -> Result<Vec<(libc::c_long, SeccompRule)>, seccompiler::BackendError> {
    let own_pid = u64::from(std::process::id());
    let exec = libc::PROT_EXEC.unsigned_abs().into();
    let thread = libc::CLONE_THREAD.unsigned_abs().into();
    let empty_path = libc::AT_EMPTY_PATH.unsigned_abs().into();
    let mut rules = vec![
        // Signals to oneself, and to the group of oneself and one's tools.
        (libc::SYS_tgkill, rule(0, SeccompCmpOp::Eq, own_pid)?),
        (libc::SYS_kill, rule(0, SeccompCmpOp::Eq, 0)?),
        // Looking at limits, not setting them.
        (libc::SYS_prlimit64, long_rule(2, SeccompCmpOp::Eq, 0)?),
        (libc::SYS_prctl, rule(0, SeccompCmpOp::Eq, libc::PR_SET_NAME.unsigned_abs().into())?),
    ];
    if !matches!(needs, Needs::Tool(_)) {
        rules.extend([
            (libc::SYS_clone, rule(0, SeccompCmpOp::MaskedEq(thread), thread)?),
            // No new code.
            (libc::SYS_mmap, rule(2, SeccompCmpOp::MaskedEq(exec), 0)?),
            (libc::SYS_mprotect, rule(2, SeccompCmpOp::MaskedEq(exec), 0)?),
        ]);
    } else {
        let no_rights = libc::PR_SET_NO_NEW_PRIVS.unsigned_abs().into();
        // The bit that makes a file without a name, and not the one for folders that comes with it.
        let nameless = (libc::O_TMPFILE & !libc::O_DIRECTORY).unsigned_abs().into();
        let named = SeccompCmpOp::MaskedEq(nameless);
        rules.extend([
            // Whether something is a terminal.
            (libc::SYS_ioctl, rule(1, SeccompCmpOp::Eq, libc::TCGETS)?),
            (libc::SYS_prctl, rule(0, SeccompCmpOp::Eq, no_rights)?),
            // Sockets that lead nowhere else: starting a program takes some.
            (libc::SYS_socketpair, rule(0, SeccompCmpOp::Eq, libc::AF_UNIX.unsigned_abs().into())?),
            (libc::SYS_openat, rule(2, named.clone(), 0)?),
            #[cfg(target_arch = "x86_64")]
            (libc::SYS_open, rule(1, named, 0)?),
        ]);
    }
    match needs {
        Needs::Nothing => rules.extend([
            (libc::SYS_newfstatat, rule(3, SeccompCmpOp::MaskedEq(empty_path), empty_path)?),
            (libc::SYS_statx, rule(2, SeccompCmpOp::MaskedEq(empty_path), empty_path)?),
        ]),
        Needs::Fonts => {
            let writes = libc::O_WRONLY | libc::O_RDWR | libc::O_CREAT | libc::O_TRUNC;
            let writes = SeccompCmpOp::MaskedEq(writes.unsigned_abs().into());
            rules.push((libc::SYS_openat, rule(2, writes, 0)?));
        }
        Needs::Tool(_) => {}
    }
    Ok(rules)
}

/// Holds when the low 32 bits of an argument do.
fn rule(
    argument: u8,
    operator: SeccompCmpOp,
    value: u64,
) -> Result<SeccompRule, seccompiler::BackendError> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)?;
    SeccompRule::new(vec![condition])
}

/// Holds when an argument of 64 bits does.
fn long_rule(
    argument: u8,
    operator: SeccompCmpOp,
    value: u64,
) -> Result<SeccompRule, seccompiler::BackendError> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Qword, operator, value)?;
    SeccompRule::new(vec![condition])
}
