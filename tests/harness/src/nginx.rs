//! A real nginx, as mail proxy and as web server.
//!
//! Contract: the caller gives the `mail` block or the `server` blocks, word for word; this file adds
//! only what keeps nginx in one scratch folder and in the foreground. It knows nothing of who is asked
//! about logins.

use std::{fs, net::SocketAddr, process::Command};

use crate::{Scratch, require_server, server::Server};

/// What a test server is made of.
pub struct NginxSetup {
    scratch: Scratch,
    mail: String,
    http: String,
    addresses: Vec<SocketAddr>,
}

impl Default for NginxSetup {
    fn default() -> Self {
        Self::new()
    }
}

impl NginxSetup {
    /// An nginx that serves nothing yet.
    pub fn new() -> Self {
        Self {
            scratch: Scratch::new("nginx"),
            mail: String::new(),
            http: String::new(),
            addresses: Vec::new(),
        }
    }

    /// Where the file `name` will be: to be named in the configuration.
    pub fn file_path(&self, name: &str) -> String {
        self.scratch.file(name).display().to_string()
    }

    /// Adds a file.
    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.scratch.write(name, content);
        self
    }

    /// Adds a text at the top level of the configuration: a `mail` block. It listens at `addresses`.
    pub fn mail(mut self, text: &str, addresses: &[SocketAddr]) -> Self {
        self.mail.push_str(text);
        self.addresses.extend(addresses);
        self
    }

    /// Adds a text to the `http` block: `server` blocks. They listen at `addresses`.
    pub fn http(mut self, text: &str, addresses: &[SocketAddr]) -> Self {
        self.http.push_str(text);
        self.addresses.extend(addresses);
        self
    }

    /// Starts nginx and waits until it listens.
    ///
    /// # Panics
    /// When nginx is missing or does not come up; the text holds its log.
    pub fn start(self) -> Nginx {
        require_server("nginx");
        let scratch = self.scratch;
        let folder = scratch.path().display().to_string();
        scratch.folder("temporary");
        let mut configuration = HEAD.replace("{folder}", &folder);
        // Only the superuser can serve as somebody else.
        if rustix::process::geteuid().is_root() {
            configuration.insert_str(0, "user www-data;\n");
        }
        if !self.mail.is_empty() {
            configuration.insert_str(0, LOAD_MAIL);
            configuration.push_str(&self.mail);
        }
        if !self.http.is_empty() {
            configuration.push_str(&HTTP.replace("{folder}", &folder));
            configuration.push_str(&self.http);
            configuration.push_str("}\n");
        }
        let configuration = scratch.write("nginx.conf", configuration);
        let mut command = Command::new("/usr/sbin/nginx");
        command
            .arg("-p")
            .arg(scratch.path())
            .arg("-c")
            .arg(configuration)
            .arg("-e")
            .arg(scratch.file("error.log"));
        let server = Server::start(command, &scratch.file("nginx.log"));
        let mut nginx = Nginx { server, scratch };
        let up = nginx.server.await_listening(&self.addresses);
        assert!(up, "nginx does not come up; its log:\n{}", nginx.log());
        nginx
    }
}

const LOAD_MAIL: &str = "load_module /usr/lib/nginx/modules/ngx_mail_module.so;\n";

const HEAD: &str = "daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events { worker_connections 256; }
";

const HTTP: &str = "http {
  access_log {folder}/access.log;
  client_body_temp_path {folder}/temporary/body;
  proxy_temp_path {folder}/temporary/proxy;
  fastcgi_temp_path {folder}/temporary/fastcgi;
  uwsgi_temp_path {folder}/temporary/uwsgi;
  scgi_temp_path {folder}/temporary/scgi;
";

/// A running nginx.
pub struct Nginx {
    // Dropped in this order: the server ends before its folder goes.
    server: Server,
    scratch: Scratch,
}

impl Nginx {
    /// Everything that nginx logged so far: errors, then requests.
    pub fn log(&self) -> String {
        let read = |name| fs::read(self.scratch.file(name)).unwrap_or_default();
        let (errors, requests) = (read("error.log"), read("access.log"));
        format!(
            "{}{}{}",
            self.server.log(),
            String::from_utf8_lossy(&errors),
            String::from_utf8_lossy(&requests)
        )
    }
}
