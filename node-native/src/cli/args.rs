//! What several commands are told in the same way.

use std::path::PathBuf;

use clap::Args;

use crate::settings::{Layer, Settings, SettingsError};

#[derive(Args, Debug)]
pub(super) struct RunArgs {
    /// A TOML file with settings
    #[arg(long, env = "TABMESH_CONFIG", value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    #[command(flatten)]
    pub(super) layer: Layer,
}

/// Which running node a command means, and how it answers.
#[derive(Args, Clone, Debug)]
pub(super) struct NodeArgs {
    /// The data directory of the node
    #[arg(long, env = "TABMESH_DATA_DIR", value_name = "DIR")]
    pub(super) data_dir: Option<PathBuf>,
    /// The node's TOML file with settings, for its data directory
    #[arg(long, env = "TABMESH_CONFIG", value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct TransferArgs {
    /// Show progress even if the standard error is no terminal
    #[arg(long)]
    pub(super) progress: bool,
}

impl RunArgs {
    pub(super) fn settings(self) -> Result<Settings, SettingsError> {
        let below = self.config.as_deref().map(Layer::from_file).transpose()?;
        Settings::resolve(self.layer.over(below.unwrap_or_default()))
    }
}

impl NodeArgs {
    pub(super) fn control_socket(&self) -> Result<PathBuf, SettingsError> {
        Ok(self.settings()?.control_socket())
    }

    pub(super) fn data_dir(&self) -> Result<PathBuf, SettingsError> {
        Ok(self.settings()?.data_dir)
    }

    fn settings(&self) -> Result<Settings, SettingsError> {
        let layer = Layer { data_dir: self.data_dir.clone(), ..Layer::default() };
        let below = self.config.as_deref().map(Layer::from_file).transpose()?;
        Settings::resolve(layer.over(below.unwrap_or_default()))
    }
}
