#pragma once
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "nestbox/base/result.h"

namespace nestbox::web {

/// TLS 1.2 or newer with this certificate chain and key (PEM files). Null when both are empty: no TLS.
/// Errors: kInvalidArgument, naming the key and the file.
Result<std::unique_ptr<boost::asio::ssl::context>> load_tls(const std::string& cert_file, const std::string& key_file);

}  // namespace nestbox::web
