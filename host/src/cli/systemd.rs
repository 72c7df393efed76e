//! Tells systemd how the server is (`sd_notify(3)`). Does nothing where `NOTIFY_SOCKET` is not set.

use sd_notify::NotifyState;

/// The sockets are open and the plugins loaded. Also to be called after [`reloading`].
pub(super) fn ready() {
    notify(&[NotifyState::Ready, NotifyState::Status("Serving")]);
}

/// A reload has begun; [`ready`] ends it, whether it succeeded or not.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => notify(&[
            NotifyState::Reloading,
            now,
            NotifyState::Status("Loading the next generation"),
        ]),
        Err(error) => tracing::warn!(error = %error, "systemd could not be told of the reload"),
    }
}

/// The server ends.
pub(super) fn stopping() {
    notify(&[
        NotifyState::Stopping,
        NotifyState::Status("Finishing requests"),
    ]);
}

fn notify(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(error = %error, "systemd could not be told");
    }
}
