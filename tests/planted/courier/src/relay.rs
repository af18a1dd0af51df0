//! Sends each line back in capitals.

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Serves one client until it is done.
pub async fn serve_one(listener: TcpListener) -> std::io::Result<()> {
    let (stream, _) = listener.accept().await?;
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    while let Some(line) = lines.next_line().await? {
        let line = line.to_uppercase() + "\n";
        writer.write_all(line.as_bytes()).await?;
    }
    Ok(())
}

/// Sends a message to the relay at `address`, and gives its answer.
pub async fn send(address: &str, message: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("{message}\n").as_bytes()).await?;
    stream.shutdown().await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn relayed(message: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = tokio::spawn(serve_one(listener));
        let answer = send(&address, message).await.unwrap();
        server.await.unwrap().unwrap();
        answer
    }

    #[tokio::test]
    async fn makes_capitals() {
        assert_eq!(relayed("to the bank").await, "TO THE BANK");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn leaves_numbers() {
        assert_eq!(relayed("4711").await, "4711");
    }
}
