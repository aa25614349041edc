//! The container engine: one that runs already, or one of our own for as long as the command takes.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::run::{Run, run};
use crate::step::{note, step};
use crate::workspace;

/// How long a part of the engine may take to start, and to stop.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a wait looks again.
const GLANCE: Duration = Duration::from_millis(100);

/// What an engine of our own consists of, by the names of Debian's packages.
const PACKAGES: [&str; 5] = ["docker.io", "docker-compose", "slirp4netns", "iproute2", "iptables"];

/// A container engine to build and run with.
pub(super) struct Engine {
    docker: PathBuf,
    own: Option<Own>,
}

/// What we started and must stop.
struct Own {
    dir: PathBuf,
    namespace: String,
    /// In the order of their start; stopped in the reverse one.
    running: Vec<(&'static str, Child)>,
}

impl Engine {
    /// The engine that the environment or the usual socket names, if it answers.
    pub(super) fn running() -> Option<Self> {
        let engine = Self { docker: PathBuf::from("docker"), own: None };
        engine.docker().words("info --format {{.ServerVersion}}").read().ok().map(|version| {
            note(&format!("the container engine that runs here: {version}"));
            engine
        })
    }

    /// Starts an engine in a network namespace of its own, so that no firewall rule of this machine changes. The way out
    /// of the namespace is a program, not a rule. Images and caches stay in `target/docker/engine` for the next time.
    ///
    /// # Errors
    /// When this is no Linux with Debian's packages, or not run by root; nothing is left running.
    pub(super) fn start() -> Result<Self> {
        if !nix::unistd::geteuid().is_root() {
            bail!(
                "starting a container engine needs root; start Docker yourself, or run this command as root"
            );
        }
        ensure_packages(&PACKAGES)?;
        let dir = std::env::temp_dir().join(format!("tabmesh-engine-{}", std::process::id()));
        fs::create_dir_all(&dir)?;
        let namespace = format!("tabmesh-{}", std::process::id());
        let mut own = Own { dir, namespace, running: Vec::new() };
        own.start_network()?;
        own.start_daemon()?;
        // Debian's client, which is as old as its daemon; a newer one may want plug-ins that are not there.
        let debian = PathBuf::from("/usr/bin/docker");
        let docker = if debian.exists() { debian } else { PathBuf::from("docker") };
        let engine = Self { docker, own: Some(own) };
        engine.wait_for_daemon()?;
        Ok(engine)
    }

    /// The command `docker`.
    pub(super) fn docker(&self) -> Run {
        self.with_address(run(&self.docker))
    }

    /// `docker build`, by BuildKit.
    pub(super) fn build(&self) -> Run {
        let build = self.docker().env("DOCKER_BUILDKIT", "1").arg("build");
        // Builds download over the namespace's own way out; a bridge would add nothing.
        if self.own.is_some() { build.arg("--network=host") } else { build }
    }

    /// `docker compose`, or its predecessor `docker-compose`.
    pub(super) fn compose(&self) -> Run {
        if self.docker().words("compose version").read().is_ok() {
            self.docker().arg("compose")
        } else {
            self.with_address(run("docker-compose"))
        }
    }

    /// The network namespace that published ports are in, if it is not this process's own.
    pub(super) fn namespace(&self) -> Option<String> {
        self.own.as_ref().map(Own::namespace_path)
    }

    fn with_address(&self, command: Run) -> Run {
        match &self.own {
            Some(own) => command.env("DOCKER_HOST", format!("unix://{}", own.dir.join("socket").display())),
            None => command,
        }
    }

    fn wait_for_daemon(&self) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        while self.docker().words("info --format {{.ServerVersion}}").read().is_err() {
            if Instant::now() > end {
                let log = workspace::target().join("docker/dockerd.log");
                bail!("the container engine did not start; what it said is in {}", workspace::shown(&log));
            }
            std::thread::sleep(GLANCE);
        }
        Ok(())
    }
}

impl Own {
    fn namespace_path(&self) -> String {
        format!("/run/netns/{}", self.namespace)
    }

    fn inside(&self, program: &str) -> Run {
        run("nsenter").arg(format!("--net={}", self.namespace_path())).arg(program)
    }

    fn start_network(&mut self) -> Result<()> {
        run("ip").args(["netns", "add", &self.namespace]).read()?;
        self.inside("ip").words("link set lo up").read()?;
        self.inside("sysctl").words("--quiet --write net.ipv4.ip_forward=1").read()?;
        let slirp = run("slirp4netns").words("--configure --mtu=1500 --netns-type=path");
        self.keep("slirp4netns", slirp.arg(self.namespace_path()).arg("tap0"))?;
        let end = Instant::now() + PATIENCE;
        while self.inside("ip").words("route show default").read()?.is_empty() {
            if Instant::now() > end {
                bail!("the network namespace got no way out within {} s", PATIENCE.as_secs());
            }
            std::thread::sleep(GLANCE);
        }
        Ok(())
    }

    fn start_daemon(&mut self) -> Result<()> {
        let data = workspace::target().join("docker/engine");
        fs::create_dir_all(&data)?;
        let daemon = self
            .inside("dockerd")
            .arg("--data-root")
            .arg(data)
            .arg("--exec-root")
            .arg(self.dir.join("exec"))
            .arg("--pidfile")
            .arg(self.dir.join("pid"))
            .arg("--host")
            .arg(format!("unix://{}", self.dir.join("socket").display()));
        self.keep("dockerd", daemon)
    }

    /// Starts a program that runs until we stop it. In a process group of its own: Ctrl-C in the terminal reaches only us.
    fn keep(&mut self, name: &'static str, program: Run) -> Result<()> {
        let log = workspace::target().join(format!("docker/{name}.log"));
        fs::create_dir_all(log.parent().unwrap_or(Path::new(".")))?;
        let log = File::create(&log).with_context(|| format!("cannot write {}", workspace::shown(&log)))?;
        let mut command = program.into_command();
        command.stdout(log.try_clone()?).stderr(log).stdin(Stdio::null()).process_group(0);
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        self.running.push((name, child));
        Ok(())
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        while let Some((name, mut child)) = self.running.pop() {
            // One that is gone already cannot be told; waiting for it below still reaps it.
            let _ = kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM);
            let end = Instant::now() + PATIENCE;
            while matches!(child.try_wait(), Ok(None)) && Instant::now() < end {
                std::thread::sleep(GLANCE);
            }
            if matches!(child.try_wait(), Ok(None)) {
                note(&format!("{name} did not stop within {} s: killing it", PATIENCE.as_secs()));
                let _ = child.kill();
            }
            let _ = child.wait();
        }
        let removed = run("ip").args(["netns", "delete", &self.namespace]).read().and(
            fs::remove_dir_all(&self.dir).with_context(|| format!("cannot remove {}", self.dir.display())),
        );
        if let Err(error) = removed {
            note(&format!("{error:#}"));
        }
    }
}

/// Installs Debian's packages that are missing.
pub(super) fn ensure_packages(names: &[&str]) -> Result<()> {
    let is_there = |name: &&&str| {
        let status = run("dpkg-query").args(["--show", "--showformat=${db:Status-Status}", name]).read();
        status.is_ok_and(|status| status == "installed")
    };
    let missing: Vec<_> = names.iter().filter(|name| !is_there(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.iter().map(|name| **name).collect::<Vec<_>>().join(" ");
    step(&format!("installing by apt-get: {list}"), || {
        let apt = |words: &str| {
            run("apt-get").arg("-q").words(words).env("DEBIAN_FRONTEND", "noninteractive").read()
        };
        // A stale list may still name the packages; the installation below decides.
        let _ = apt("update");
        apt(&format!("install --yes --no-install-recommends {list}"))
            .map(drop)
            .with_context(|| format!("install {list} yourself, or start Docker; then try again"))
    })
}
