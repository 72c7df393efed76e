//! What a decided login counts: its verdict, its stages and the calls of its plugins.

use std::time::Duration;

use super::ServerMetrics;
use crate::{
    auth::{Mode, PluginTrace, Stage, StageTrace, Verdict},
    observe::{LoginRecord, login::mode_name, metrics::words::Word},
};

impl ServerMetrics {
    /// Counts a decided login: its verdict, its stages and its plugins.
    pub fn login(&self, record: &LoginRecord) {
        let inner = &self.0;
        let mode = mode_name(record.mode);
        let verdict = record.verdict.as_str();
        inner
            .decisions
            .get_or_create(&[("mode", mode.into()), ("verdict", verdict.into())])
            .inc();
        self.function("login", mode, record.latency);
        if record.mode == Mode::Verify {
            self.password_check(record);
            self.brute_force(record);
        }
        for stage in &record.trace.stages {
            self.stage(stage);
        }
    }

    fn password_check(&self, record: &LoginRecord) {
        let inner = &self.0;
        let (word, protocols) = match record.verdict {
            Verdict::Accept => ("success", Some(&inner.accepted_protocols)),
            Verdict::Reject => ("failure", Some(&inner.rejected_protocols)),
            // Nobody knows whether it would have been accepted.
            Verdict::TemporaryFailure => ("temporary_failure", None),
        };
        inner.logins.get_or_create(&[("logins", word.into())]).inc();
        if let Some(protocols) = protocols {
            let protocol = inner.protocols.get(&record.protocol);
            protocols.get_or_create(&[("protocol", protocol)]).inc();
        }
    }

    fn brute_force(&self, record: &LoginRecord) {
        let inner = &self.0;
        let controls = record.trace.stages.iter();
        let mut controls = controls.filter(|stage| stage.stage == Stage::BruteForce);
        // The first time it is asked about the ban, later about the failure.
        let Some(check) = controls.next() else {
            return;
        };
        inner
            .brute_force_seconds
            .observe(check.elapsed.as_secs_f64());
        if record.brute_force_bucket.is_empty() {
            return;
        }
        let labels = [("bucket", inner.rules.get(&record.brute_force_bucket))];
        inner.brute_force_rejected.get_or_create(&labels).inc();
        if record.is_new_ban {
            inner.brute_force_bans.get_or_create(&labels).inc();
        }
    }

    /// Counts a stage and its plugins.
    pub fn stage(&self, stage: &StageTrace) {
        if !stage.was_asked() {
            return;
        }
        self.function("stage", stage.stage.as_str(), stage.elapsed);
        for plugin in stage.plugins.iter().filter(|plugin| plugin.was_asked()) {
            self.call(stage.stage.as_str(), plugin);
        }
    }

    /// Counts the call of a hook.
    pub fn hook(&self, call: &PluginTrace) {
        self.call("hooks", call);
    }

    fn call(&self, stage: &'static str, call: &PluginTrace) {
        let inner = &self.0;
        let plugin = inner.plugins.get(&call.plugin);
        let labels = [("stage", stage.into()), ("plugin", plugin.clone())];
        let usage = &call.usage;
        inner
            .call_seconds
            .get_or_create(&labels)
            .observe(usage.elapsed.as_secs_f64());
        inner
            .call_cpu
            .get_or_create(&labels)
            .inc_by(usage.cpu.as_secs_f64());
        inner
            .call_queue
            .get_or_create(&labels)
            .inc_by(usage.queued.as_secs_f64());
        let [stage, plugin] = labels;
        let verdict = ("verdict", Word::from(call.verdict.clone()));
        inner
            .calls
            .get_or_create(&[stage.clone(), plugin.clone(), verdict])
            .inc();
        if let Some(kind) = call.kind {
            let kind = ("kind", kind.into());
            inner
                .call_failures
                .get_or_create(&[stage, plugin, kind])
                .inc();
        }
    }

    fn function(&self, service: &'static str, task: &'static str, time: Duration) {
        self.0
            .functions
            .get_or_create(&[("service", service.into()), ("task", task.into())])
            .observe(time.as_secs_f64());
    }
}
