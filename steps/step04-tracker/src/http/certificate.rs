//! Certificates that are refused, in words.

use std::error::Error;
use std::{fs, io};

use rustls::CertificateError;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Why the certificate of a tracker was refused, and what can be done; `None` when that is not what
/// went wrong. `env` is the environment.
pub(super) fn refusal(
    error: &(dyn Error + 'static),
    env: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(rustls::Error::InvalidCertificate(why)) = error.downcast_ref() {
            return Some(words(why, env));
        }
        // The source of an `io::Error` is that of what it wraps, which would be passed over.
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        cause = match wrapped {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

fn words(why: &CertificateError, env: impl Fn(&str) -> Option<String>) -> String {
    match why {
        // A trusted one may have the same name and another key.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            let help = file_fault(env).unwrap_or_else(|| {
                "if you trust it, let SSL_CERT_FILE name a file with its issuer's certificate (or \
                 with its own, if it has signed itself)"
                    .to_owned()
            });
            format!("its certificate is signed by nobody whom this system trusts; {help}")
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired; if that is wrong, look at this computer's clock"
                .to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet; if that is wrong, look at this computer's clock"
                .to_owned()
        }
        CertificateError::NotValidForName => {
            "its certificate is for another name than the tracker's URL has".to_owned()
        }
        CertificateError::NotValidForNameContext { presented, .. } => match &presented[..] {
            [] => "its certificate names no host (subjectAltName), so it is for none".to_owned(),
            names => format!(
                "its certificate is for other names than the tracker's URL has: {}",
                names.join(", ")
            ),
        },
        // rustls wraps this one, and tells it by its name alone.
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "its certificate is that of an authority (CA:TRUE), which may sign others and not serve \
             itself; it needs one with basicConstraints=CA:FALSE, which may have signed itself, or \
             one that the authority has signed"
                .to_owned()
        }
        other => format!("its certificate is refused: {other}"),
    }
}

/// What is wrong with the file that `SSL_CERT_FILE` names, if something is: whoever loads it says
/// nothing as long as other certificates are found.
fn file_fault(env: impl Fn(&str) -> Option<String>) -> Option<String> {
    let file = env("SSL_CERT_FILE")?;
    let what = match fs::read(&file) {
        Err(error) => format!("cannot be read: {error}"),
        Ok(bytes) => {
            let mut found = CertificateDer::pem_slice_iter(&bytes);
            if found.any(|certificate| certificate.is_ok()) {
                return None;
            }
            "has no certificate in PEM form in it".to_owned()
        }
    };
    Some(format!("the file that SSL_CERT_FILE names, {file}, {what}"))
}

/// Why no certificate at all could be found: `env` is the environment.
pub(super) fn none_found(env: impl Fn(&str) -> Option<String>) -> String {
    let named = ["SSL_CERT_FILE", "SSL_CERT_DIR"].map(|name| Some((name, env(name)?)));
    let named: Vec<String> = named
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("{name} ({value})"))
        .collect();
    match &named[..] {
        [] => {
            "this system has no certificates; is the package ca-certificates installed?".to_owned()
        }
        named => format!(
            "no certificate can be read from {}: it has to lead to certificates in PEM form",
            named.join(" or ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_found_in_whatever_it_is_wrapped() {
        let refused = rustls::Error::InvalidCertificate(CertificateError::Expired);
        let wrapped = io::Error::other(io::Error::other(refused));
        let told = refusal(&wrapped, |_| None).unwrap();
        assert!(told.contains("expired"), "{told}");
        assert!(refusal(&io::Error::other("something else"), |_| None).is_none());
        assert!(refusal(&rustls::Error::DecryptError, |_| None).is_none());
    }

    #[test]
    fn where_certificates_were_looked_for_is_told() {
        let none = none_found(|_| None);
        assert!(none.contains("ca-certificates"), "{none}");
        let file = none_found(|name| (name == "SSL_CERT_FILE").then(|| "/my.pem".to_owned()));
        assert!(file.contains("SSL_CERT_FILE (/my.pem)"), "{file}");
    }
}
