//! `docker`: the images of `docker/`, built, run and used as an operator and a visitor would.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::browsers::CHROMIUM;
use crate::run::{Run, run};
use crate::step::{note, spoken, step};
use crate::{parts, tools, workspace};
use engine::Engine;

mod bases;
mod engine;

/// The images, by their targets in `docker/Dockerfile`; the services of `docker/compose.yaml` are called the same.
const SERVICES: [&str; 3] = ["signalling", "peer", "gateway"];

/// A project of its own: no container and no volume of an operator on this machine is touched.
const PROJECT: &str = "tabmesh-try";

/// The tag of the images that are tried.
const TAG: &str = "try";

/// How long the services may take until their health checks are content.
const HEALTHY_MAX: Duration = Duration::from_secs(120);

/// How long a graceful stop of everything may take: one grace period of `compose.yaml`, and the engine's own time.
const STOP_MAX: Duration = Duration::from_secs(20);

/// What to do with the images.
#[derive(Args)]
pub(crate) struct Options {
    /// Only build the web app and the images, called `tabmesh/…:latest`, with the engine that runs here.
    #[arg(long)]
    build: bool,
    /// Port of this machine where the gateway is tried.
    #[arg(long, default_value_t = 8443)]
    port: u16,
}

/// Builds the images; then runs them by compose, lets tabs join through TLS, and stops everything.
pub(crate) fn docker(options: &Options) -> Result<()> {
    // Ctrl-C reaches the program that is being waited for; its failure ends this command, which then cleans up.
    ctrlc::set_handler(|| {}).context("cannot listen for Ctrl-C")?;
    if options.build {
        let engine = Engine::running().context("no container engine runs here: start one, then try again")?;
        parts::web()?;
        return build(&engine, "latest");
    }
    parts::web()?;
    let chromium = CHROMIUM.ensure()?;
    tools::ensure_npm("tests")?;
    let engine = match Engine::running() {
        Some(engine) => engine,
        None => step("no container engine runs here: starting one of our own", Engine::start)?,
    };
    build(&engine, TAG)?;
    let stack = Stack { engine: &engine, port: options.port };
    let tried = stack.start().and_then(|()| {
        stack.visit(&chromium)?;
        stack.costs()?;
        stack.stop()
    });
    if tried.is_err() {
        // What the services said is worth more than a second error.
        let _ = stack.compose().words("logs --no-color --tail 40").wait();
    }
    let removed = step("removing containers, networks and volumes", || {
        stack.compose().words("down --volumes --timeout 10").read().map(drop)
    });
    tried.and(removed)
}

/// Builds every image as `tabmesh/SERVICE:tag`.
fn build(engine: &Engine, tag: &str) -> Result<()> {
    let bases = bases::ensure(engine)?;
    for service in SERVICES {
        step(&format!("the image {service} (cold, the programs take some 10 minutes of CPU)"), || {
            engine
                .build()
                .args(
                    bases
                        .iter()
                        .flat_map(|(name, image)| ["--build-arg".to_owned(), format!("{name}={image}")]),
                )
                .args(["--file", "docker/Dockerfile", "--target", service])
                .args(["--tag", &format!("tabmesh/{service}:{tag}"), "."])
                .wait()
        })?;
    }
    Ok(())
}

/// The services of `docker/compose.yaml`, running.
struct Stack<'a> {
    engine: &'a Engine,
    port: u16,
}

impl Stack<'_> {
    fn start(&self) -> Result<()> {
        step("starting the services", || {
            let start = Instant::now();
            self.compose().words("up --detach --no-build").wait()?;
            while !self.are_healthy()? {
                if start.elapsed() > HEALTHY_MAX {
                    bail!("the services were not healthy within {}", spoken(HEALTHY_MAX));
                }
                std::thread::sleep(Duration::from_millis(250));
            }
            note(&format!("every health check is content after {}", spoken(start.elapsed())));
            Ok(())
        })
    }

    /// `docker compose` with our project, images and ports.
    fn compose(&self) -> Run {
        let compose =
            self.engine.compose().args(["--project-name", PROJECT, "--file", "docker/compose.yaml"]);
        let ports =
            [("HTTPS_PORT", 0), ("HTTP_PORT", 1), ("SIGNALLING_METRICS_PORT", 2), ("PEER_METRICS_PORT", 3)];
        let settings =
            [("DOMAIN", "localhost"), ("TLS", "auto"), ("TABMESH_IMAGE", "tabmesh"), ("TABMESH_TAG", TAG)];
        let compose = settings.into_iter().fold(compose, |compose, (name, value)| compose.env(name, value));
        ports
            .into_iter()
            .fold(compose, |compose, (name, step)| compose.env(name, self.port_at(step).to_string()))
    }

    /// A port of ours: the HTTPS port and those after it.
    fn port_at(&self, step: u16) -> u16 {
        self.port.saturating_add(step)
    }

    fn container(&self, service: &str) -> Result<String> {
        self.compose().args(["ps", "--quiet", "--all", service]).read()
    }

    fn are_healthy(&self) -> Result<bool> {
        for service in SERVICES {
            let id = self.container(service)?;
            let state = "{{.State.Health.Status}} {{.RestartCount}}";
            let state = self.engine.docker().args(["inspect", "--format", state, &id]).read()?;
            match state.split_once(' ') {
                Some(("healthy", "0")) => {}
                Some((_, "0")) => return Ok(false),
                _ => bail!("{service} ended by itself and was started again"),
            }
        }
        Ok(true)
    }

    /// Lets Chromium do what a visitor does; see `docker/visit.js`.
    fn visit(&self, chromium: &Path) -> Result<()> {
        step("visiting: tabs join through TLS and exchange files with the relay peer", || {
            let browser = self.browser(chromium)?;
            let exec = self.compose().words("exec -T peer tabmesh").into_command();
            let command: Vec<_> = std::iter::once(exec.get_program())
                .chain(exec.get_args())
                .map(|word| word.to_string_lossy().into_owned())
                .collect();
            let visit = exec
                .get_envs()
                .filter_map(|(name, value)| Some((name.to_str()?, value?)))
                .fold(run("node").arg("docker/visit.js"), |visit, (name, value)| visit.env(name, value));
            visit
                .args(["--url", &format!("https://localhost:{}", self.port)])
                .args(["--peer", &serde_json::to_string(&command)?])
                .env("CHROMIUM", browser)
                .wait()
        })
    }

    /// A way to start Chromium where the services can be reached. It does not mind that nobody vouches for the internal
    /// certificate authority.
    fn browser(&self, chromium: &Path) -> Result<PathBuf> {
        let file = workspace::target().join("docker/chromium");
        let place = self.engine.namespace().map(|path| format!("nsenter --net={path} ")).unwrap_or_default();
        let script = format!(
            "#!/bin/sh\nexec {place}'{}' --ignore-certificate-errors \"$@\"\n",
            chromium.display().to_string().replace('\'', r"'\''")
        );
        crate::stamp::write(&file, &script)?;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
        Ok(file)
    }

    /// Prints what the images and the running services take.
    fn costs(&self) -> Result<()> {
        step("sizes and memory", || {
            for service in SERVICES {
                let image = format!("tabmesh/{service}:{TAG}");
                let inspect = |what: &str, of: &str| {
                    self.engine.docker().args(["inspect", "--format", what, of]).read()
                };
                let bytes: f64 = inspect("{{.Size}}", &image)?.parse()?;
                let user = inspect("{{.Config.User}}", &image)?;
                let id = self.container(service)?;
                let memory = self
                    .engine
                    .docker()
                    .args(["stats", "--no-stream", "--format", "{{.MemUsage}}", &id])
                    .read()?;
                note(&format!("{service:10}  image {:6.1} MB  memory {memory}  user {user}", bytes / 1e6));
            }
            Ok(())
        })
    }

    /// Stops the services as `docker compose stop` does, and looks how they ended.
    fn stop(&self) -> Result<()> {
        step("stopping the services", || {
            let start = Instant::now();
            self.compose().arg("stop").read()?;
            let took = start.elapsed();
            for service in SERVICES {
                let id = self.container(service)?;
                let code =
                    self.engine.docker().args(["inspect", "--format", "{{.State.ExitCode}}", &id]).read()?;
                if code != "0" {
                    bail!("{service} did not stop gracefully: it ended with {code}");
                }
            }
            if took > STOP_MAX {
                bail!("stopping took {}", spoken(took));
            }
            Ok(())
        })
    }
}
