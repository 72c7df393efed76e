//! The task that makes spans of records and sends them in batches.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_otlp::{Protocol, RetryPolicy, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{SpanData, SpanExporter as _},
};
use tokio::{sync::mpsc, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{
    Job, Losses,
    client::{Client, EXCHANGE},
    spans,
};
use crate::config::Traces;

/// Spans that go out together.
const BATCH: usize = 512;
/// How long the first of a batch waits for others.
const DELAY: Duration = Duration::from_secs(1);
/// Pauses before a batch is sent again; after the last it is dropped.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(250),
    Duration::from_secs(1),
    Duration::from_secs(4),
];

/// Makes and sends spans.
pub(super) struct Exporter {
    exporter: opentelemetry_otlp::SpanExporter,
    client: Client,
}

impl Exporter {
    /// The text says what is wrong with the configuration.
    pub(super) fn new(config: &Traces) -> Result<Self, String> {
        let client = Client::new()?;
        let mut exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_http_client(client.clone())
            .with_endpoint(&config.endpoint)
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(EXCHANGE)
            // The library's retries would block a thread of the runtime.
            .with_retry_policy(RetryPolicy::disabled())
            .build()
            .map_err(|error| error.to_string())?;
        let resource = Resource::builder_empty()
            .with_attributes([
                KeyValue::new("service.name", config.service_name.clone()),
                KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            ])
            .build();
        exporter.set_resource(&resource);
        Ok(Self { exporter, client })
    }

    /// Runs until it is told to stop, and then until what waits has been tried once.
    pub(super) async fn run(
        self,
        mut jobs: mpsc::Receiver<Job>,
        losses: &Losses,
        stopping: &CancellationToken,
    ) {
        let mut batch: Vec<SpanData> = Vec::new();
        loop {
            let job = tokio::select! {
                biased;
                job = jobs.recv() => job,
                // Lets out what waits, then ends.
                () = stopping.cancelled(), if !jobs.is_closed() => {
                    jobs.close();
                    continue;
                }
            };
            let Some(job) = job else { return };
            spans::push(&mut batch, &job);
            let full = tokio::time::sleep(DELAY);
            let mut full = std::pin::pin!(full);
            while batch.len() < BATCH {
                let job = tokio::select! {
                    biased;
                    job = jobs.recv() => job,
                    () = stopping.cancelled(), if !jobs.is_closed() => {
                        jobs.close();
                        continue;
                    }
                    () = &mut full => None,
                };
                match job {
                    Some(job) => spans::push(&mut batch, &job),
                    None => break,
                }
            }
            self.send(std::mem::take(&mut batch), losses, stopping)
                .await;
        }
    }

    async fn send(&self, batch: Vec<SpanData>, losses: &Losses, stopping: &CancellationToken) {
        let spans = batch.len();
        let mut pauses = PAUSES.iter();
        loop {
            match self.exporter.export(batch.clone()).await {
                Ok(()) => {
                    losses.metrics.spans(true, spans);
                    return;
                }
                Err(error) => {
                    let pause = pauses.next().filter(|_| !stopping.is_cancelled());
                    let Some(pause) = pause else {
                        let problem = self.client.problem();
                        let why = if problem.is_empty() {
                            error.to_string()
                        } else {
                            problem
                        };
                        losses.count(spans, &format!("the collector failed: {why}"));
                        return;
                    };
                    // A server that stops tries once more at once.
                    stopping.run_until_cancelled(sleep(*pause)).await;
                }
            }
        }
    }
}
