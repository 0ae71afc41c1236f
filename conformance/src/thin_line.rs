//! Thin line: a client's bytes arrive at the server slowly, and hardly any of them are buffered on the way.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// Opens a line to `server` that carries `bytes` in `every`, towards the server. It lasts as long as its
/// connections. Returns the line's address.
pub fn thin_line(server: SocketAddr, bytes: usize, every: Duration) -> SocketAddr {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    // Accepted sockets inherit this: the system must not buffer bytes that the line has not carried.
    socket.set_recv_buffer_size(1).expect("a small buffer");
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).expect("a free port");
    socket.listen(16).expect("it can listen");
    let listener = TcpListener::from(socket);
    let address = listener.local_addr().expect("a listener has an address");
    thread::spawn(move || {
        while let Ok((agency, _)) = listener.accept() {
            // Without the server the line is cut.
            let Ok(server) = TcpStream::connect(server) else { continue };
            carry(agency, server, bytes, every);
        }
    });
    address
}

fn carry(agency: TcpStream, server: TcpStream, bytes: usize, every: Duration) {
    server.set_nodelay(true).expect("a socket takes options");
    let clone = |socket: &TcpStream| socket.try_clone().expect("a descriptor");
    let (mut back, mut answered) = (clone(&agency), clone(&server));
    thread::spawn(move || {
        let _ = std::io::copy(&mut answered, &mut back);
        let _ = back.shutdown(Shutdown::Write);
    });
    let (mut from, mut to) = (agency, server);
    thread::spawn(move || {
        let mut piece = vec![0; bytes];
        while let Ok(read @ 1..) = from.read(&mut piece) {
            thread::sleep(every);
            if to.write_all(&piece[..read]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}
