//! A Dovecot that serves everything that it can.

use std::net::SocketAddr;

use bulkhead_harness::{Dovecot, DovecotSetup, port, require_server};

use crate::certificate::Certificate;

/// Who may log in, and get mail.
pub const USER: &str = "monitor";
pub const PASSWORD: &str = "monitor \"password\" \\ äß";

const USERS: &str = r#"
function auth_password_verify(request, password)
  if request.user ~= "monitor" then
    return dovecot.auth.PASSDB_RESULT_USER_UNKNOWN, ""
  end
  if password ~= 'monitor "password" \\ äß' then
    return dovecot.auth.PASSDB_RESULT_PASSWORD_MISMATCH, ""
  end
  return dovecot.auth.PASSDB_RESULT_OK, ""
end
function auth_userdb_lookup(request)
  if request.user ~= "monitor" then
    return dovecot.auth.USERDB_RESULT_USER_UNKNOWN, ""
  end
  return dovecot.auth.USERDB_RESULT_OK, "home={mail} mail=maildir:{mail}"
end
"#;

const SERVICES: &str = r#"
protocols = imap pop3 submission lmtp sieve
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
haproxy_trusted_networks = 127.0.0.0/8
service imap-login {
  inet_listener imaps {
    address = 127.0.0.1
    port = {imaps}
    ssl = yes
  }
  inet_listener imap_proxied {
    address = 127.0.0.1
    port = {imap_proxied}
    haproxy = yes
  }
  inet_listener imaps_proxied {
    address = 127.0.0.1
    port = {imaps_proxied}
    haproxy = yes
    ssl = yes
  }
}
service pop3-login {
  inet_listener pop3s {
    address = 127.0.0.1
    port = {pop3s}
    ssl = yes
  }
}
service submission-login {
  inet_listener submissions {
    address = 127.0.0.1
    port = {submissions}
    ssl = yes
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = {lmtp}
  }
}
service managesieve-login {
  inet_listener sieve {
    address = 127.0.0.1
    port = {sieve}
  }
}
"#;

pub struct MailServer {
    pub dovecot: Dovecot,
    ports: Vec<(&'static str, SocketAddr)>,
}

impl MailServer {
    pub fn start(certificate: &Certificate) -> Self {
        require_server("dovecot-delivery");
        let setup = DovecotSetup::new().pop3_and_submission();
        let mut ports = setup.addresses();
        let mut services = SERVICES
            .replace("{certificate}", &setup.file_path("server.pem"))
            .replace("{key}", &setup.file_path("server.key"));
        for name in [
            "imaps",
            "imap_proxied",
            "imaps_proxied",
            "pop3s",
            "submissions",
            "lmtp",
            "sieve",
        ] {
            let address = port::free();
            services = services.replace(&format!("{{{name}}}"), &address.port().to_string());
            ports.push((name, address));
        }
        let script = USERS.replace("{mail}", &setup.file_path("mail/monitor"));
        let dovecot = setup
            .configuration(&services)
            .file("server.pem", &certificate.pem)
            .file("server.key", &certificate.key)
            .file("users.lua", script)
            .start("users.lua");
        Self { dovecot, ports }
    }

    pub fn address(&self, name: &str) -> SocketAddr {
        let found = self.ports.iter().find(|(known, _)| *known == name);
        found.unwrap_or_else(|| panic!("no listener {name}")).1
    }
}
