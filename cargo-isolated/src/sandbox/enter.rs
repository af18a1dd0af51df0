//! Moves a process into the namespaces of a sandbox.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::mem;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};

use crate::part::Part;
use crate::plan::{Plan, Refusal};

const NOTHING: Option<&str> = None;

/// A file system in memory, mounted here until all parts of it have their places.
const SCRATCH: &str = "/dev/shm";

/// Enters all parts of the plan, or says which one the system refuses.
pub(super) fn enter(plan: &Plan) -> Result<(), Refusal> {
    if plan.parts.is_empty() {
        return Ok(());
    }
    let here = std::env::current_dir().ok();
    let is_user = unshare_all(plan)?;
    if plan.has(Part::Network) {
        step(
            Part::Network,
            "to bring the interface `lo` up",
            bring_loopback_up(),
        )?;
    }
    if plan.parts.iter().any(|part| *part != Part::Network) {
        let first = plan.parts.iter().find(|part| **part != Part::Network);
        let first = first.copied().unwrap_or(Part::Tmp);
        step(
            first,
            "a file system in memory on `/dev/shm`",
            mount_scratch(),
        )?;
        if plan.has(Part::Checkout) {
            step(
                Part::Checkout,
                "an overlay over the workspace",
                cover_checkout(plan, is_user),
            )?;
        }
        if plan.has(Part::Tmp) {
            let replaced = replace(Path::new("/tmp"), "tmp", plan);
            step(Part::Tmp, "a file system in memory on `/tmp`", replaced)?;
        }
        if let Some(home) = plan.home.as_deref().filter(|_| plan.has(Part::Home)) {
            let replaced = replace(home, "home", plan);
            step(
                Part::Home,
                "a file system in memory on the home directory",
                replaced,
            )?;
        }
        let shm = scratch("shm");
        step(
            first,
            "to leave `/dev/shm`",
            umount(plan.has(Part::Ipc).then_some(&*shm)),
        )?;
    }
    if let Some(here) = here {
        // The same path leads into the sandbox now.
        let _ = std::env::set_current_dir(here);
    }
    Ok(())
}

fn step(part: Part, what: &str, result: io::Result<()>) -> Result<(), Refusal> {
    result.map_err(|error| {
        let reason = format!("the system refuses {what}: {error}");
        Refusal { part, reason }
    })
}

/// Leaves the namespaces of the machine. Returns whether a user namespace was needed.
fn unshare_all(plan: &Plan) -> Result<bool, Refusal> {
    let mut flags = CloneFlags::empty();
    for part in &plan.parts {
        flags |= match part {
            Part::Network => CloneFlags::CLONE_NEWNET,
            Part::Ipc => CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWNS,
            Part::Checkout | Part::Tmp | Part::Home => CloneFlags::CLONE_NEWNS,
        };
    }
    let (user, group) = (geteuid(), getegid());
    if user.is_root() && unshare(flags).is_ok() {
        return Ok(false);
    }
    let namespaces = unshare(flags | CloneFlags::CLONE_NEWUSER).map_err(io::Error::from);
    // One refusal is that of all parts, so one after the other will be left out.
    let part = plan.parts[0];
    let way_out = "namespaces for ordinary users (`sysctl user.max_user_namespaces`, in a container \
                   `--security-opt seccomp=unconfined`)";
    step(part, way_out, namespaces)?;
    let maps = || {
        fs::write("/proc/self/setgroups", "deny")?;
        fs::write("/proc/self/gid_map", format!("{group} {group} 1\n"))?;
        fs::write("/proc/self/uid_map", format!("{user} {user} 1\n"))
    };
    let way_out = "to be the same user in a namespace (`sysctl kernel.apparmor_restrict_unprivileged_userns=0`)";
    step(part, way_out, maps())?;
    Ok(true)
}

/// Sets the flag `IFF_UP` of the loopback interface.
#[expect(unsafe_code, reason = "no library has this call in a safe form")]
fn bring_loopback_up() -> io::Result<()> {
    // SAFETY: it takes no memory.
    let socket = Errno::result(unsafe {
        libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0)
    })?;
    // SAFETY: it was just opened, and nothing else owns it.
    let socket = unsafe { OwnedFd::from_raw_fd(socket) };
    // SAFETY: all fields of `ifreq` may be zero.
    let mut request: libc::ifreq = unsafe { mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = libc::c_char::from_ne_bytes([*from]);
    }
    request.ifr_ifru.ifru_flags = i16::try_from(libc::IFF_UP).unwrap_or_default();
    // SAFETY: the call reads a whole `ifreq`.
    Errno::result(unsafe {
        libc::ioctl(
            socket.as_raw_fd(),
            libc::SIOCSIFFLAGS as _,
            &raw const request,
        )
    })?;
    Ok(())
}

fn mount_scratch() -> io::Result<()> {
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(NOTHING, "/", NOTHING, private, NOTHING)?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(
        Some("isolated"),
        SCRATCH,
        Some("tmpfs"),
        flags,
        Some("mode=0755"),
    )?;
    for name in ["home", "shm", "shared", "target", "tmp", "upper", "work"] {
        fs::create_dir(scratch(name))?;
    }
    for name in ["shm", "tmp"] {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o1777);
        fs::set_permissions(scratch(name), mode)?;
    }
    Ok(())
}

fn scratch(name: &str) -> PathBuf {
    Path::new(SCRATCH).join(name)
}

fn bind(from: &Path, to: &Path) -> io::Result<()> {
    let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
    Ok(mount(Some(from), to, NOTHING, flags, NOTHING)?)
}

/// Gives the place of the scratch file system back, or to one directory of it.
fn umount(instead: Option<&Path>) -> io::Result<()> {
    if let Some(instead) = instead {
        return bind(instead, Path::new(SCRATCH));
    }
    Ok(umount2(SCRATCH, MntFlags::MNT_DETACH)?)
}

/// Mounts an overlay over the workspace. The target directory stays what it is.
fn cover_checkout(plan: &Plan, is_user: bool) -> io::Result<()> {
    let checkout = &plan.checkout.canonicalize()?;
    let target = plan.target.as_deref();
    let target = target.filter(|target| target.starts_with(checkout));
    if let Some(target) = target {
        bind(target, &scratch("target"))?;
    }
    let mut options = OsString::from("lowerdir=");
    options.push(escaped(checkout));
    options.push(format!(",upperdir={SCRATCH}/upper,workdir={SCRATCH}/work"));
    if is_user {
        options.push(",userxattr");
    }
    let options = Some(options.as_os_str());
    mount(
        Some("isolated"),
        checkout,
        Some("overlay"),
        MsFlags::empty(),
        options,
    )?;
    match target {
        Some(target) => bind(&scratch("target"), target),
        None => Ok(()),
    }
}

/// A path as an option of the overlay, where some characters mean something else.
fn escaped(path: &Path) -> OsString {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let mut text = Vec::new();
    for byte in path.as_os_str().as_bytes() {
        if b"\\:,".contains(byte) {
            text.push(b'\\');
        }
        text.push(*byte);
    }
    OsString::from_vec(text)
}

/// Replaces a directory by an empty one, in which only the shared directories are.
fn replace(dir: &Path, name: &str, plan: &Plan) -> io::Result<()> {
    if !dir.exists() {
        // It was in a directory that has been replaced, or was never there.
        let was_there = plan.has(Part::Tmp) && dir.starts_with("/tmp");
        return if was_there {
            fs::create_dir_all(dir)
        } else {
            Ok(())
        };
    }
    let dir = dir.canonicalize()?;
    let mut below: Vec<&Path> = plan
        .shared
        .iter()
        .map(PathBuf::as_path)
        .filter(|path| path.starts_with(&dir) && path.is_dir())
        .collect();
    if below.iter().any(|path| *path == dir) {
        let message = format!("`{}` itself is shared", dir.display());
        return Err(io::Error::other(message));
    }
    below.sort_unstable();
    below.dedup_by(|path, above| path.starts_with(above));
    let places: Vec<PathBuf> = (0..below.len())
        .map(|number| scratch("shared").join(format!("{name}-{number}")))
        .collect();
    for (path, place) in below.iter().zip(&places) {
        fs::create_dir(place)?;
        bind(path, place)?;
    }
    bind(&scratch(name), &dir)?;
    for (path, place) in below.iter().zip(&places) {
        fs::create_dir_all(path)?;
        bind(place, path)?;
    }
    Ok(())
}
