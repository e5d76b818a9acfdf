#pragma once
/// What goes back to a browser, and the headers that go with all of it.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nestbox/base/clock.h"

namespace nestbox::web {

/// A header block; the body, if any, comes beside it or after it.
struct ReplyHead {
  unsigned status = 200;
  std::string content_type;
  std::string cache_control = "no-store";
  std::vector<std::pair<std::string, std::string>> more;
};

struct Reply {
  ReplyHead head;
  /// Null: a length that is not known (HEAD of a picture), or a status without any body (304).
  std::shared_ptr<const std::string> body;
};

Reply text_reply(unsigned status, std::string body);
Reply json_reply(unsigned status, std::string body);

/// A refusal in the form that the path's readers expect: {"error":{"code","message",...}} below /api/, else a line of
/// text.
struct Refusal {
  unsigned status = 400;
  std::string code;
  std::string message;
  std::vector<std::string> allowed;  ///< what would have been right; may be empty
};
Reply refuse(const Refusal& refusal, std::string_view path);

/// Sent with every reply: what the page may load (its own files alone), who may embed it (nobody).
const std::vector<std::pair<std::string, std::string>>& security_headers();

/// "Fri, 20 Nov 2026 21:15:03 GMT" (RFC 9110, 5.6.7).
std::string http_date(WallTime time);

}  // namespace nestbox::web
