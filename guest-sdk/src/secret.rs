//! Values that are not in the plugin's configuration, under the grant `secret`, which names them.

use crate::host::{Current, Host};

/// The secret; none when there is no such secret or the grant does not name it. Secrets are read per
/// call: do not ask for them in `Plugin::new`, whose memory may be kept on disk.
pub fn get(name: &str) -> Option<Vec<u8>> {
    Current::secret_get(name)
}
