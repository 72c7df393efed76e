//! Servers that do what a test tells them, and no real one does.

use std::{
    future::Future,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// Hands every connection to `serve`.
pub async fn listen<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// Takes connections, says these bytes, and then nothing more.
pub async fn says(bytes: impl Into<Vec<u8>>) -> SocketAddr {
    let bytes = Arc::new(bytes.into());
    listen(move |mut stream| {
        let bytes = Arc::clone(&bytes);
        async move {
            let _ = stream.write_all(&bytes).await;
            listen_on(stream).await;
        }
    })
    .await
}

/// Says these bytes again and again, for ever.
pub async fn floods(first: &'static str, again: &'static str) -> SocketAddr {
    listen(move |mut stream| async move {
        let many = again.repeat(1000);
        let mut alive = stream.write_all(first.as_bytes()).await.is_ok();
        while alive {
            alive = stream.write_all(many.as_bytes()).await.is_ok();
        }
    })
    .await
}

/// Says one byte of the text from time to time.
pub async fn drips(text: &'static str, pause: Duration) -> SocketAddr {
    listen(move |mut stream| async move {
        for byte in text.bytes() {
            tokio::time::sleep(pause).await;
            if stream.write_all(&[byte]).await.is_err() {
                return;
            }
        }
        listen_on(stream).await;
    })
    .await
}

/// Greets, and then answers each line.
pub async fn talks(
    greeting: &'static str,
    answer: impl Fn(&str) -> String + Send + Sync + 'static,
) -> SocketAddr {
    let answer = Arc::new(answer);
    listen(move |stream| {
        let answer = Arc::clone(&answer);
        async move { talk(stream, greeting, &*answer).await }
    })
    .await
}

/// One such conversation.
pub async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    greeting: &str,
    answer: &(dyn Fn(&str) -> String + Send + Sync),
) {
    let mut stream = BufReader::new(stream);
    if stream.write_all(greeting.as_bytes()).await.is_err() {
        return;
    }
    let mut line = String::new();
    while matches!(stream.read_line(&mut line).await, Ok(count) if count > 0) {
        let answer = answer(line.trim_end());
        if stream.write_all(answer.as_bytes()).await.is_err() || stream.flush().await.is_err() {
            return;
        }
        line.clear();
    }
}

/// Hears what comes, until the other side goes.
async fn listen_on(mut stream: TcpStream) {
    let mut heard = [0; 1024];
    while matches!(stream.read(&mut heard).await, Ok(count) if count > 0) {}
}

/// An IMAP server that a test switches on and off, and that counts who comes.
pub struct Switched {
    pub address: SocketAddr,
    state: watch::Sender<State>,
    visits: Arc<AtomicUsize>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Greets,
    Refuses,
    Hangs,
}

impl Switched {
    pub async fn start() -> Self {
        let (state, seen) = watch::channel(State::Greets);
        let visits = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&visits);
        let address = listen(move |mut stream| {
            count.fetch_add(1, Ordering::SeqCst);
            let now = *seen.borrow();
            async move {
                let greeting: &[u8] = match now {
                    State::Greets => b"* OK at your service\r\n",
                    State::Refuses => b"* BYE closed today\r\n",
                    State::Hangs => b"",
                };
                let _ = stream.write_all(greeting).await;
                listen_on(stream).await;
            }
        })
        .await;
        Self {
            address,
            state,
            visits,
        }
    }

    pub fn greet(&self) {
        self.state.send_replace(State::Greets);
    }

    pub fn refuse(&self) {
        self.state.send_replace(State::Refuses);
    }

    pub fn hang(&self) {
        self.state.send_replace(State::Hangs);
    }

    /// How many connections there were.
    pub fn visits(&self) -> usize {
        self.visits.load(Ordering::SeqCst)
    }
}
