//! `port` as a socket of tokio. The body of an asynchronous test takes it inside of the runtime.

use tokio::net::{TcpListener, UdpSocket};

use super::bind::{FromPort, IsTcp, IsUdp};
use super::port::Port;

#[diagnostic::do_not_recommend]
impl<P: IsTcp> FromPort<'_, P> for TcpListener {
    fn from_port(port: &Port) -> Self {
        let listener = <std::net::TcpListener as FromPort<'_, P>>::from_port(port);
        let shared = listener.set_nonblocking(true);
        let converted = shared.and_then(|()| TcpListener::from_std(listener));
        converted.unwrap_or_else(|error| panic!("failed to give port {port} to tokio: {error}"))
    }
}

#[diagnostic::do_not_recommend]
impl<P: IsUdp> FromPort<'_, P> for UdpSocket {
    fn from_port(port: &Port) -> Self {
        let socket = <std::net::UdpSocket as FromPort<'_, P>>::from_port(port);
        let shared = socket.set_nonblocking(true);
        let converted = shared.and_then(|()| UdpSocket::from_std(socket));
        converted.unwrap_or_else(|error| panic!("failed to give port {port} to tokio: {error}"))
    }
}
