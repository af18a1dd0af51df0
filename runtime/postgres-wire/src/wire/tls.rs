//! Encryption of a connection, and which certificates are trusted for it.

use std::env;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{
    WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    StreamOwned,
};

use crate::encryption::{Encryption, Mode};

/// The bytes of an encrypted connection.
pub(super) type Encrypted = StreamOwned<ClientConnection, TcpStream>;

/// Where libpq looks for trusted certificates if the URL names none, below the home directory.
const ROOTS: &str = ".postgresql/root.crt";

/// Encrypts a connection to a server that has agreed to that. The error says why that failed.
pub(super) fn encrypt(
    mut stream: TcpStream,
    host: &str,
    encryption: &Encryption,
) -> Result<Encrypted, String> {
    let provider = ring::default_provider();
    let verifier = Verifier {
        trust: Trust::of(encryption)?,
        algorithms: provider.signature_verification_algorithms,
    };
    let config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    let connection = ClientConnection::new(Arc::new(config), name);
    let mut connection = connection.map_err(|error| error.to_string())?;
    while connection.is_handshaking() {
        let done = connection.complete_io(&mut stream);
        done.map_err(|error| error.to_string())?;
    }
    Ok(StreamOwned::new(connection, stream))
}

/// The servers that are trusted.
#[derive(Debug)]
enum Trust {
    /// All: nobody can read along, but the server may be anyone.
    All,
    /// Those with one of these certificates, or one that is signed by one of these.
    Signed {
        roots: Vec<CertificateDer<'static>>,
        /// Whether the certificate has to be for the host in the URL.
        for_host: bool,
    },
}

impl Trust {
    fn of(encryption: &Encryption) -> Result<Self, String> {
        let home = env::var_os("HOME").map(|home| Path::new(&home).join(ROOTS));
        let usual = || home.filter(|path| path.exists());
        let file = encryption.roots.clone().or_else(usual);
        let for_host = encryption.mode == Mode::VerifyFull;
        match file {
            // As for libpq, certificates that are there are used, whatever the mode.
            Some(file) => Ok(Trust::Signed {
                roots: read(&file)?,
                for_host,
            }),
            None if encryption.mode < Mode::VerifyCa => Ok(Trust::All),
            None => Err(format!(
                "found no trusted certificates in `~/{ROOTS}`; name their file with `sslrootcert=PATH`"
            )),
        }
    }
}

fn read(file: &PathBuf) -> Result<Vec<CertificateDer<'static>>, String> {
    let path = file.display();
    let all = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match all {
        Ok(all) if all.is_empty() => Err(format!("found no certificate in `{path}`")),
        Ok(all) => Ok(all),
        Err(error) => Err(format!("failed to read certificates in `{path}`: {error}")),
    }
}

#[derive(Debug)]
struct Verifier {
    trust: Trust,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Trust::Signed { roots, for_host } = &self.trust {
            let parsed = ParsedCertificate::try_from(certificate)?;
            // A certificate that has signed itself is often an authority too, which rustls would not
            // accept from a server.
            if !roots.contains(certificate) {
                let mut store = RootCertStore::empty();
                store.add_parsable_certificates(roots.iter().cloned());
                let algorithms = self.algorithms.all;
                verify_server_cert_signed_by_trust_anchor(
                    &parsed, &store, others, now, algorithms,
                )?;
            }
            if *for_host {
                verify_server_name(&parsed, host)?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
