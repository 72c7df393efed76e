//! Why a generation cannot be used.

use crate::config::{Diagnostic, Places};

/// One thing that stands in the way.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadProblem {
    /// What it is about.
    pub place: Place,
    /// What is wrong, in words that do not need the place.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// What a problem is about, in the words of the configuration.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// A plugin's code: it cannot be read, compiled or linked.
    Code {
        /// The plugin's name.
        plugin: String,
    },
    /// A plugin's configuration, which the plugin itself refused.
    Configuration {
        /// The plugin's name.
        plugin: String,
        /// Its word for the place: `networks[2]`; empty for the configuration as a whole.
        path: String,
    },
    /// One of `reload.logins`, which is not decided as expected.
    ExampleLogin {
        /// Its place in the list, from 0.
        index: usize,
    },
    /// The server itself: its engine, its threads.
    Server,
    /// Something outside that is not available now, such as a store that another process has.
    Outside,
}

impl LoadProblem {
    /// A problem with a plugin's code.
    pub fn code(plugin: &str, message: impl Into<String>) -> Self {
        Self {
            place: Place::Code {
                plugin: plugin.to_owned(),
            },
            message: message.into(),
            help: None,
        }
    }

    /// A problem that a plugin has with its configuration.
    pub fn configuration(plugin: &str, path: &str, message: impl Into<String>) -> Self {
        Self {
            place: Place::Configuration {
                plugin: plugin.to_owned(),
                path: path.to_owned(),
            },
            message: message.into(),
            help: None,
        }
    }

    /// An example login is not decided as expected.
    pub fn example_login(index: usize, message: impl Into<String>) -> Self {
        Self {
            place: Place::ExampleLogin { index },
            message: message.into(),
            help: None,
        }
    }

    /// A problem of the server itself.
    pub fn server(message: impl Into<String>) -> Self {
        Self {
            place: Place::Server,
            message: message.into(),
            help: None,
        }
    }

    /// Something outside is not available.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self {
            place: Place::Outside,
            ..Self::server(message)
        }
    }

    /// The same with advice.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// The problems as complaints about places in the configuration file.
pub fn to_diagnostics(problems: &[LoadProblem], places: &Places) -> Vec<Diagnostic> {
    problems
        .iter()
        .map(|problem| match &problem.place {
            Place::Code { plugin } => {
                let message = format!("plugin `{plugin}`: {}", problem.message);
                places.plugin_error(plugin, message, problem.help.clone())
            }
            Place::Configuration { plugin, path } => {
                let mut diagnostic =
                    places.configuration_error(plugin, path, problem.message.clone());
                diagnostic.help.clone_from(&problem.help);
                diagnostic
            }
            Place::ExampleLogin { index } => places.entry_error(
                "reload",
                &format!("logins[{index}]"),
                problem.message.clone(),
                problem.help.clone(),
            ),
            Place::Server | Place::Outside => {
                places.file_error(problem.message.clone(), problem.help.clone())
            }
        })
        .collect()
}
