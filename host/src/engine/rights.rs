//! From the grants that the configuration writes down to what the calls of a plugin may use.

use std::collections::BTreeMap;

use super::{LoadError, PluginSpec};
use crate::{
    capability::{Rights, Sources},
    config::ServerLimits,
};

/// # Errors
///
/// A grant that cannot be given: a broken destination, an absent secret.
pub(super) fn rights(
    limits: &ServerLimits,
    spec: &PluginSpec,
    sources: Sources,
) -> Result<Rights, LoadError> {
    let grants = &spec.config.grants;
    let http = grants
        .http
        .as_ref()
        .map(|grant| spec.services.http.bind(&spec.name, grant));
    let http = http.transpose().map_err(|reason| LoadError::Grant {
        grant: "http",
        reason,
    })?;
    let sql = grants
        .sql
        .as_ref()
        .map(|grant| spec.services.sql.bind(grant));
    let sql = sql.transpose().map_err(|reason| LoadError::Grant {
        grant: "sql",
        reason,
    })?;
    let mut secrets = BTreeMap::new();
    for name in &grants.secret {
        let value = spec.secrets.get(name).ok_or_else(|| LoadError::Grant {
            grant: "secret",
            reason: format!("there is no secret `{name}` under the top-level key `secrets`"),
        })?;
        secrets.insert(name.clone(), value.clone());
    }
    let environment = grants
        .environment
        .iter()
        .filter_map(|name| Some((name.clone(), std::env::var(name).ok()?)))
        .collect();
    Ok(Rights {
        plugin: spec.name.clone(),
        grants: grants.clone(),
        limits: spec.config.limits.clone(),
        context_bytes: limits.context_bytes,
        store_value_bytes: limits.store_value_bytes,
        http,
        sql,
        secrets,
        environment,
        sources,
        services: spec.services.clone(),
    })
}
