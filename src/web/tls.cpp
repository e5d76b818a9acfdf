#include "tls.h"

#include <fmt/format.h>
#include <openssl/ssl.h>

namespace nestbox::web {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

Result<std::unique_ptr<ssl::context>> load_tls(const std::string& cert_file, const std::string& key_file) {
  if (cert_file.empty() && key_file.empty()) return std::unique_ptr<ssl::context>();
  if (cert_file.empty() || key_file.empty())
    return fail(ErrorKind::kInvalidArgument, fmt::format("{} is empty while {} is set: TLS needs both, or neither",
                                                         cert_file.empty() ? "web.tls_cert" : "web.tls_key",
                                                         cert_file.empty() ? "web.tls_key" : "web.tls_cert"));

  const auto bad = [](const char* key, const std::string& file, const char* wanted, const error_code& error) {
    return fail(ErrorKind::kInvalidArgument,
                fmt::format("{}: {}: {} (wanted: {})", key, file, error.message(), wanted));
  };
  auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION);
  error_code error;
  context->use_certificate_chain_file(cert_file, error);
  if (error) return bad("web.tls_cert", cert_file, "a PEM certificate that this user can read", error);
  // Without a callback OpenSSL would ask for a passphrase on the terminal, and wait.
  context->set_password_callback([](std::size_t, ssl::context::password_purpose) { return std::string(); });
  context->use_private_key_file(key_file, ssl::context::pem, error);
  if (error)
    return bad("web.tls_key", key_file,
               "a PEM key without passphrase that fits web.tls_cert and that this user can read", error);
  return context;
}

}  // namespace nestbox::web
