#pragma once
/// A URL, taken apart as far as we need it; libavformat reads it whole.
#include <cstdint>
#include <string>

#include "nestbox/base/result.h"
#include "nestbox/base/secret.h"
#include "nestbox/options/options.h"

namespace nestbox::publish {

enum class Transport : std::uint8_t { kRtmp, kNetwork, kFile };
enum class Security : std::uint8_t { kPlain, kTls };

struct Target {
  Secret address;            ///< for libavformat, key and all; empty for a file, or without a key
  std::string open_address;  ///< the address where there is no key: nothing in it is to be hidden
  std::string path;          ///< of a file
  Secret key, key_head;  ///< held so that redacted() knows them; key_head: the key up to its query, which servers echo
  std::string shown;     ///< for people: "a.rtmps.youtube.com:443", or the path of a file
  std::string host;      ///< empty for a file
  std::string muxer;     ///< libavformat's name
  std::string ca_file;
  Transport transport = Transport::kNetwork;
  Security security = Security::kPlain;
};

/// Errors: kInvalidArgument, with what is wrong and what would be right; the key is not in the text.
Result<Target> read_target(const OutputOptions& options, const Secret& key);

/// The path to write to: `path` itself, or "clip-2.mkv" and so on when there is a regular file already: a session that
/// comes back must not overwrite what the last one recorded.
std::string free_path(const std::string& path);

}  // namespace nestbox::publish
