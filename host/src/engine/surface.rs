//! What a component imports and exports, read from its bytes before anything of it is compiled or run.

use wasmparser::{Encoding, Parser, Payload};

use super::{LoadError, PluginKind};
use crate::{
    capability::{Grant, Need, need},
    config::Grants,
};

/// The names at the outermost level of a component.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surface {
    /// In the order of the file.
    pub imports: Vec<String>,
    /// In the order of the file.
    pub exports: Vec<String>,
}

impl Surface {
    /// Reads the names. Does not validate the component: compiling does.
    pub fn read(bytes: &[u8]) -> Result<Self, LoadError> {
        let mut surface = Self::default();
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload.map_err(|error| LoadError::NotComponent(error.to_string()))?;
            match payload {
                Payload::Version { encoding, .. } => {
                    if depth == 0 && encoding == Encoding::Module {
                        return Err(LoadError::CoreModule);
                    }
                    depth += 1;
                }
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 1 => {
                    for import in section {
                        let import =
                            import.map_err(|error| LoadError::NotComponent(error.to_string()))?;
                        surface.imports.push(import.name.name.to_owned());
                    }
                }
                Payload::ComponentExportSection(section) if depth == 1 => {
                    for export in section {
                        let export =
                            export.map_err(|error| LoadError::NotComponent(error.to_string()))?;
                        surface.exports.push(export.name.name.to_owned());
                    }
                }
                _ => {}
            }
        }
        Ok(surface)
    }

    /// Whether it needs WASI linked.
    pub fn wants_wasi(&self) -> bool {
        self.imports.iter().any(|name| need(name) == Need::Wasi)
    }

    /// The keys of the grants that it needs, each once.
    pub fn grants(&self) -> Vec<&'static str> {
        let mut grants: Vec<_> = self
            .imports
            .iter()
            .filter_map(|name| match need(name) {
                Need::Grant(grant) => Some(grant.key()),
                _ => None,
            })
            .collect();
        grants.dedup();
        grants
    }

    /// The kinds of plugin that it can be used as.
    pub fn kinds(&self) -> Vec<PluginKind> {
        PluginKind::ALL
            .into_iter()
            .filter(|kind| {
                self.exports_interface("lifecycle") && self.exports_interface(kind.interface())
            })
            .collect()
    }

    /// Checks that it exports what its kind needs.
    pub(super) fn check_exports(&self, kind: PluginKind) -> Result<(), LoadError> {
        for interface in ["lifecycle", kind.interface()] {
            if !self.exports_interface(interface) {
                return Err(LoadError::MissingExport {
                    kind: kind.as_str(),
                    missing: format!("bulkhead:policy/{interface}@0.1.0"),
                    exports: self.exports.clone(),
                });
            }
        }
        Ok(())
    }

    /// Checks that it imports nothing but what it was granted, or what it does without (`optional`). Names
    /// every import that is too much.
    pub(super) fn check_imports(
        &self,
        plugin: &str,
        kind: PluginKind,
        grants: &Grants,
        optional: Option<Grant>,
    ) -> Result<(), LoadError> {
        let complaints: Vec<_> = self
            .imports
            .iter()
            .filter_map(|import| {
                let name = import.split('@').next().unwrap_or(import);
                match need(import) {
                    Need::Free | Need::Wasi => None,
                    Need::Login => (!kind.in_login()).then(|| {
                        format!("`{plugin}` imports {name}, which exists only in a login; {} plugins have none", kind.as_str())
                    }),
                    Need::Grant(grant) => (!grant.given(grants) && optional != Some(grant)).then(|| {
                        format!(
                            "`{plugin}` imports {name}, which needs the grant `{}`; to give it, write `{}` under plugins.{plugin}.grants",
                            grant.key(),
                            grant.example()
                        )
                    }),
                    Need::Script => Some(format!("`{plugin}` imports {name}, which only scripts have")),
                    Need::WasiHttp => Some(format!(
                        "`{plugin}` imports {name}, which needs the grant `http` and is not supported yet; use bulkhead:policy/http instead"
                    )),
                    Need::Unknown => Some(format!("`{plugin}` imports {import}, which this server does not have")),
                }
            })
            .collect();
        if complaints.is_empty() {
            Ok(())
        } else {
            Err(LoadError::Imports(complaints))
        }
    }

    fn exports_interface(&self, interface: &str) -> bool {
        let wanted = format!("bulkhead:policy/{interface}@0.1.");
        self.exports.iter().any(|name| name.starts_with(&wanted))
    }
}
