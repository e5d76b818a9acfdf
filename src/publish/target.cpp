#include "target.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string_view>

#include "nestbox/publish/output.h"

namespace nestbox {
namespace {

constexpr std::string_view kSrt = "srt://";

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kPlain = "-._~";
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       kPlain.find(c) != std::string_view::npos;
    encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

}  // namespace

Secret join_url_and_key(const std::string& url, const Secret& key) {
  if (key.empty()) return Secret(url);  // its caller may rather use the URL as it is, which need not be hidden
  if (url.starts_with(kSrt)) {
    const char separator = url.find('?') == std::string::npos ? '?' : '&';
    return Secret(fmt::format("{}{}streamid={}", url, separator, percent_encoded(key.reveal())));
  }
  std::string_view stem = url, name = key.reveal();
  if (stem.ends_with('/')) stem.remove_suffix(1);
  if (name.starts_with('/')) name.remove_prefix(1);
  return Secret(fmt::format("{}/{}", stem, name));
}

namespace publish {
namespace {

/// "https://user:word@host:1234/path?query" in pieces; empty where there is none.
struct Pieces {
  std::string scheme, host, port, path;
};

Pieces take_apart(const std::string& url) {
  Pieces pieces;
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string::npos) {
    pieces.path = url.starts_with("file:") ? url.substr(5) : url;
    return pieces;
  }
  pieces.scheme = url.substr(0, scheme_end);
  std::transform(pieces.scheme.begin(), pieces.scheme.end(), pieces.scheme.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto authority_at = scheme_end + 3;
  const auto authority_end = std::min(url.find_first_of("/?#", authority_at), url.size());
  std::string authority = url.substr(authority_at, authority_end - authority_at);
  if (const auto at = authority.rfind('@'); at != std::string::npos) authority.erase(0, at + 1);
  const auto bracket = authority.rfind(']');
  const auto colon = authority.rfind(':');
  const bool has_port = colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
  pieces.host = authority.substr(0, has_port ? colon : std::string::npos);
  pieces.port = has_port ? authority.substr(colon + 1) : "";
  if (pieces.host.starts_with('[') && pieces.host.ends_with(']')) {
    pieces.host = pieces.host.substr(1, pieces.host.size() - 2);
  }
  pieces.path = url.substr(authority_end, std::min(url.find('?', authority_end), url.size()) - authority_end);
  if (pieces.scheme == "file") pieces.path = url.substr(authority_at);
  return pieces;
}

/// Empty when the ending is none of ours.
std::string muxer_by_extension(const std::string& path) {
  static const std::map<std::string, std::string> kMuxers = {
      {".flv", "flv"}, {".mkv", "matroska"}, {".mp4", "mp4"}, {".ts", "mpegts"}};
  const auto found = kMuxers.find(std::filesystem::path(path).extension());
  return found == kMuxers.end() ? std::string() : found->second;
}

std::string default_port(const std::string& scheme) {
  static const std::map<std::string, std::string> kPorts = {
      {"rtmp", "1935"}, {"rtmps", "443"}, {"http", "80"}, {"https", "443"}};
  const auto found = kPorts.find(scheme);
  return found == kPorts.end() ? std::string() : found->second;
}

}  // namespace

Result<Target> read_target(const OutputOptions& options, const Secret& key) {
  const Pieces pieces = take_apart(options.url);
  Target target;
  target.key = key;
  target.key_head = Secret(key.reveal().substr(0, key.reveal().find('?')));
  target.ca_file = options.ca_file;
  if (pieces.scheme.empty() || pieces.scheme == "file") {
    target.transport = Transport::kFile;
    target.path = pieces.path;
    target.shown = pieces.path;
    target.muxer = muxer_by_extension(pieces.path);
    if (!target.muxer.empty()) return target;
    return fail(ErrorKind::kInvalidArgument,
                fmt::format("\"{}\" is no address (rtmps://HOST/APP) and no file ending in .flv, .mkv, .mp4 or .ts",
                            pieces.path));
  }
  if (pieces.host.empty()) {
    return fail(ErrorKind::kInvalidArgument, "the address names no host; it should look like rtmps://HOST/APP");
  }
  const std::string port = pieces.port.empty() ? default_port(pieces.scheme) : pieces.port;
  if (key.empty()) {
    target.open_address = options.url;
  } else {
    target.address = join_url_and_key(options.url, key);
  }
  target.host = pieces.host;
  target.shown = port.empty() ? pieces.host : fmt::format("{}:{}", pieces.host, port);
  if (pieces.scheme == "rtmp" || pieces.scheme == "rtmps") {
    target.transport = Transport::kRtmp;
    target.muxer = "flv";
  } else {
    const std::string by_extension = muxer_by_extension(pieces.path);
    target.muxer = by_extension.empty() ? "mpegts" : by_extension;
  }
  if (pieces.scheme == "rtmps" || pieces.scheme == "https") target.security = Security::kTls;
  return target;
}

std::string free_path(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path candidate = path;
  const auto stem = candidate.stem().string(), extension = candidate.extension().string();
  for (int n = 2; fs::is_regular_file(candidate, error); ++n) {
    candidate.replace_filename(fmt::format("{}-{}{}", stem, n, extension));
  }
  return candidate;
}

}  // namespace publish
}  // namespace nestbox
