//! Moves a process into the namespaces of a sandbox.

use std::ffi::OsString;
use std::fs::{self, DirBuilder};
use std::io;
use std::mem;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};

use crate::part::Part;
use crate::plan::{Plan, Refusal};

const NOTHING: Option<&str> = None;

/// Where the scratch file system may be mounted while its directories are bound into place. The
/// mount is private to the sandbox, so any directory will do that the sandbox does not need.
const MOUNT_POINTS: [&str; 5] = ["/mnt", "/media", "/srv", "/opt", "/dev/shm"];

/// Isolates every part of the plan. Returns whether this took a user namespace, or which parts were refused.
pub(super) fn enter(plan: &Plan) -> Result<bool, Refusal> {
    if plan.parts.is_empty() {
        return Ok(false);
    }
    let here = std::env::current_dir().ok();
    let is_user = unshare_all(plan)?;
    if plan.has(Part::Network) {
        let result = bring_loopback_up();
        step(&[Part::Network], "to bring the interface `lo` up", result)?;
    }
    let files: Vec<Part> = plan
        .parts
        .iter()
        .copied()
        .filter(|part| *part != Part::Network)
        .collect();
    if !files.is_empty() {
        // The state directory is created with the mode that the runtime requires.
        let created = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&plan.state_dir);
        step(
            &files,
            "to create the state directory of isolated-test",
            created,
        )?;
        let scratch = step(&files, "to mount a tmpfs", Scratch::mount(plan))?;
        for part in &files {
            let (what, result) = match part {
                Part::Ipc => (
                    "to replace `/dev/shm`",
                    scratch.replace("/dev/shm", "shm", plan),
                ),
                Part::Checkout => (
                    "to mount an overlay on the workspace",
                    scratch.cover_checkout(plan, is_user),
                ),
                Part::Tmp => ("to replace `/tmp`", scratch.replace("/tmp", "tmp", plan)),
                Part::Home => ("to replace the home directory", scratch.replace_home(plan)),
                Part::Network => continue,
            };
            step(&[*part], what, result)?;
        }
        step(&files, "to unmount the tmpfs", scratch.unmount())?;
    }
    if let Some(here) = here {
        // Reopen the working directory, which now resolves inside the sandbox.
        let _ = std::env::set_current_dir(here);
    }
    Ok(is_user)
}

fn step<T>(parts: &[Part], what: &str, result: io::Result<T>) -> Result<T, Refusal> {
    result.map_err(|error| Refusal {
        parts: parts.to_vec(),
        reason: format!("the system refuses {what}: {error}"),
    })
}

/// Enters new namespaces. Returns whether this took a user namespace.
fn unshare_all(plan: &Plan) -> Result<bool, Refusal> {
    let mut is_user = !geteuid().is_root();
    if is_user {
        enter_user_namespace(plan)?;
    }
    let namespaces = [
        (
            CloneFlags::CLONE_NEWNET,
            "a network namespace (`unshare` with `CLONE_NEWNET`)",
            [Part::Network].as_slice(),
        ),
        (
            CloneFlags::CLONE_NEWIPC,
            "an IPC namespace (`unshare` with `CLONE_NEWIPC`)",
            &[Part::Ipc],
        ),
        (
            CloneFlags::CLONE_NEWNS,
            "a mount namespace (`unshare` with `CLONE_NEWNS`)",
            &[Part::Ipc, Part::Checkout, Part::Tmp, Part::Home],
        ),
    ];
    for (flag, what, parts) in namespaces {
        if !parts.iter().any(|part| plan.has(*part)) {
            continue;
        }
        let mut result = unshare(flag);
        if result == Err(Errno::EPERM) && !is_user {
            // This root has few rights, as in a container. In a user namespace it has all of them.
            is_user = true;
            enter_user_namespace(plan)?;
            result = unshare(flag);
        }
        step(parts, what, result.map_err(io::Error::from))?;
    }
    Ok(is_user)
}

fn enter_user_namespace(plan: &Plan) -> Result<(), Refusal> {
    let (user, group) = (geteuid(), getegid());
    let namespace = unshare(CloneFlags::CLONE_NEWUSER).map_err(io::Error::from);
    let what = "a user namespace (see `sysctl user.max_user_namespaces`; Docker needs \
                `--security-opt seccomp=unconfined`)";
    step(&plan.parts, what, namespace)?;
    let maps = || {
        fs::write("/proc/self/setgroups", "deny")?;
        fs::write("/proc/self/gid_map", format!("{group} {group} 1\n"))?;
        fs::write("/proc/self/uid_map", format!("{user} {user} 1\n"))
    };
    let what = "to map the user into a user namespace (see `sysctl \
                kernel.apparmor_restrict_unprivileged_userns`)";
    step(&plan.parts, what, maps())
}

/// Sets the flag `IFF_UP` of the loopback interface.
#[expect(unsafe_code, reason = "no library has this call in a safe form")]
fn bring_loopback_up() -> io::Result<()> {
    // SAFETY: the call takes only integers.
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
    let socket = socket.as_raw_fd();
    // SAFETY: the call reads a whole `ifreq`.
    Errno::result(unsafe { libc::ioctl(socket, libc::SIOCSIFFLAGS as _, &raw const request) })?;
    Ok(())
}

/// A tmpfs with the directories that replace others.
struct Scratch {
    root: PathBuf,
}

impl Scratch {
    fn mount(plan: &Plan) -> io::Result<Scratch> {
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(NOTHING, "/", NOTHING, private, NOTHING)?;
        let needed = || {
            let all = plan.stays.iter().chain(&plan.reachable).chain(&plan.home);
            all.chain([&plan.checkout])
        };
        let is_free =
            |root: &PathBuf| root.is_dir() && !needed().any(|path| path.starts_with(root));
        let root = MOUNT_POINTS.map(PathBuf::from).into_iter().find(is_free);
        let root = root.ok_or_else(|| {
            io::Error::other(format!("none of {} can be used", MOUNT_POINTS.join(", ")))
        })?;
        mount_memory(&root)?;
        let scratch = Scratch { root };
        for name in ["aside", "home", "overlays", "shm", "tmp"] {
            fs::create_dir(scratch.dir(name))?;
        }
        for name in ["shm", "tmp"] {
            fs::set_permissions(scratch.dir(name), fs::Permissions::from_mode(0o1777))?;
        }
        Ok(scratch)
    }

    fn dir(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn unmount(self) -> io::Result<()> {
        Ok(umount2(&self.root, MntFlags::MNT_DETACH)?)
    }

    /// Binds the directories among `paths` that are below `dir` aside, so that something can be
    /// mounted on `dir`.
    fn set_aside<'p>(
        &self,
        dir: &Path,
        paths: impl Iterator<Item = &'p PathBuf>,
    ) -> io::Result<Vec<(PathBuf, &'p Path)>> {
        let mut below: Vec<&Path> = paths
            .map(PathBuf::as_path)
            .filter(|path| path.starts_with(dir) && path.is_dir())
            .collect();
        if below.contains(&dir) {
            let message = format!("`{}` itself has to stay shared", dir.display());
            return Err(io::Error::other(message));
        }
        below.sort_unstable();
        below.dedup_by(|path, above| path.starts_with(above));
        let mut aside = Vec::with_capacity(below.len());
        for path in below {
            let place = new_dir_in(&self.dir("aside"))?;
            bind(path, &place)?;
            aside.push((place, path));
        }
        Ok(aside)
    }

    /// Replaces a directory with an empty one that contains only the directories of the plan.
    fn replace(&self, dir: impl AsRef<Path>, name: &str, plan: &Plan) -> io::Result<()> {
        let dir = dir.as_ref().canonicalize()?;
        let aside = self.set_aside(&dir, plan.stays.iter().chain(&plan.reachable))?;
        bind(&self.dir(name), &dir)?;
        put_back(aside)
    }

    fn replace_home(&self, plan: &Plan) -> io::Result<()> {
        let home = plan.home.as_deref();
        let home = home.ok_or_else(|| io::Error::other("`HOME` is not set"))?;
        if home == Path::new("/") {
            return Err(io::Error::other("`HOME` is `/`"));
        }
        if home.exists() {
            return self.replace(home, "home", plan);
        }
        // It never existed, or it was hidden when `/tmp` was replaced.
        if plan.has(Part::Tmp) && home.starts_with("/tmp") {
            return fs::create_dir_all(home);
        }
        Ok(())
    }

    /// Mounts overlays on the workspace, and on what tests have in the target directory. The directories
    /// that stay shared are bound back.
    fn cover_checkout(&self, plan: &Plan, is_user: bool) -> io::Result<()> {
        self.cover(&plan.checkout, &plan.stays, is_user)?;
        let dirs = plan.test_files.iter();
        for dir in dirs.filter(|dir| !plan.stays.contains(dir)) {
            self.cover(dir, &plan.stays, is_user)?;
        }
        Ok(())
    }

    /// Mounts an overlay on a directory.
    fn cover(&self, dir: &Path, stays: &[PathBuf], is_user: bool) -> io::Result<()> {
        let dir = dir.canonicalize()?;
        let aside = self.set_aside(&dir, stays.iter())?;
        let overlay = new_dir_in(&self.dir("overlays"))?;
        for name in [UPPER, WORK] {
            fs::create_dir(overlay.join(name))?;
        }
        mount_overlay(&dir, &overlay, &dir, is_user)?;
        put_back(aside)
    }
}

/// The directories of an overlay, for what is written and for the kernel.
pub(super) const UPPER: &str = "upper";
pub(super) const WORK: &str = "work";

/// Mounts an overlay of `lower` on `on`. The directory `overlay` contains its two own directories.
pub(super) fn mount_overlay(
    lower: &Path,
    overlay: &Path,
    on: &Path,
    is_user: bool,
) -> io::Result<()> {
    let mut options = OsString::from("lowerdir=");
    options.push(escaped(lower));
    for (name, dir) in [("upperdir", UPPER), ("workdir", WORK)] {
        options.push(format!(",{name}="));
        options.push(overlay.join(dir));
    }
    if is_user {
        options.push(",userxattr");
    }
    let (flags, options) = (MsFlags::empty(), Some(options.as_os_str()));
    Ok(mount(
        Some("isolated"),
        on,
        Some("overlay"),
        flags,
        options,
    )?)
}

/// Mounts an empty file system in memory, which everyone can read.
pub(super) fn mount_memory(on: &Path) -> io::Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    Ok(mount(
        Some("isolated"),
        on,
        Some("tmpfs"),
        flags,
        Some("mode=0755"),
    )?)
}

/// Creates a directory with a new name.
fn new_dir_in(dir: &Path) -> io::Result<PathBuf> {
    let path = dir.join(fs::read_dir(dir)?.count().to_string());
    fs::create_dir(&path)?;
    Ok(path)
}

/// Binds directories to the paths at which they were before.
fn put_back(aside: Vec<(PathBuf, &Path)>) -> io::Result<()> {
    for (place, path) in aside {
        fs::create_dir_all(path)?;
        bind(&place, path)?;
    }
    Ok(())
}

pub(super) fn bind(from: &Path, to: &Path) -> io::Result<()> {
    let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
    Ok(mount(Some(from), to, NOTHING, flags, NOTHING)?)
}

/// Escapes the characters that are special in the options of an overlay.
fn escaped(path: &Path) -> OsString {
    let mut text = Vec::new();
    for byte in path.as_os_str().as_bytes() {
        if b"\\:,".contains(byte) {
            text.push(b'\\');
        }
        text.push(*byte);
    }
    OsString::from_vec(text)
}
