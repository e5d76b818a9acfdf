#include "log_in_handlers.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "access.h"
#include "assets.h"
#include "fields.h"
#include "nestbox/base/assert.h"
#include "nestbox/base/log.h"
#include "nestbox/base/secret.h"

namespace nestbox::web {
namespace {

using Clock = std::chrono::steady_clock;
// A slow board needs most of a second to check a password, and pictures may wait before it.
constexpr auto kLogInWithin = std::chrono::seconds(10);

void replace(std::string& text, std::string_view place, std::string_view value) {
  const auto at = text.find(place);
  NESTBOX_ASSERT(at != std::string::npos);
  text.replace(at, place.size(), value);
}

Reply redirect(std::string_view path) {
  auto reply = text_reply(303, "");
  reply.head.more.emplace_back("Location", path);
  return reply;
}

// A visitor without any cookie gets one, which its CSRF token is tied to.
Visitor with_visit(const Request& request, ReplyHead& head) {
  auto visitor = request.visitor;
  if (!csrf_token(visitor).empty()) return visitor;
  visitor.visit = random_digits();
  head.more.emplace_back("Set-Cookie", visit_cookie(visitor.visit, request.secure));
  return visitor;
}

Reply reply_to(const Doorkeeper::LogIn& answer, const Request& request) {
  using Entry = Doorkeeper::Entry;
  if (answer.entry == Entry::kAdmitted) {
    auto reply = redirect("/");
    reply.head.more.emplace_back("Set-Cookie", session_cookie(answer.session, request.secure));
    return reply;
  }
  if (answer.entry == Entry::kRefused) return log_in_page(request, 403, "That is not the password.");
  const auto seconds = answer.retry_in.count();
  auto reply = log_in_page(
      request, 429,
      fmt::format("Too many tries. The next one can be made in {} second{}.", seconds, seconds == 1 ? "" : "s"));
  reply.head.more.emplace_back("Retry-After", std::to_string(seconds));
  return reply;
}

const char* word(Standing standing) {
  switch (standing) {
    case Standing::kLocal:
      return "local";
    case Standing::kSession:
      return "session";
    case Standing::kStranger:
      return "public";
  }
  return "public";
}

}  // namespace

Reply log_in_page(const Request& request, unsigned status, std::string_view problem) {
  const auto all = assets();
  const auto page = std::find_if(all.begin(), all.end(), [](const Asset& asset) { return asset.path == "/login"; });
  NESTBOX_ASSERT(page != all.end());
  auto reply = text_reply(status, "");
  reply.head.content_type = page->content_type;
  std::string html(page->bytes);
  replace(html, "{{message}}",
          problem.empty() ? "" : fmt::format("<p class=\"problem\" role=\"alert\">{}</p>", problem));
  replace(html, "{{csrf}}", csrf_token(with_visit(request, reply.head)));
  reply.body = std::make_shared<const std::string>(std::move(html));
  return reply;
}

asio::awaitable<void> serve_log_in_page(Connection& connection, const Site&, const Request& request) {
  const auto reply = request.visitor.standing == Standing::kStranger ? log_in_page(request, 200, "") : redirect("/");
  co_await connection.send(reply);
}

asio::awaitable<void> log_in(Connection& connection, Site& site, const Request& request) {
  if (request.visitor.standing != Standing::kStranger) {
    const auto inside = redirect("/");
    co_await connection.send(inside);
    co_return;
  }
  auto text = form_field(request.body, "password").value_or("");
  Secret password(text);
  wipe(text.data(), text.size());
  // Handed on whole: while a Secret lives the log hides its text, and strangers are not to choose what is hidden.
  const std::function<void(std::function<void(Doorkeeper::LogIn)>)> question =
      [&](std::function<void(Doorkeeper::LogIn)> done) {
        site.ports.doorkeeper.log_in(request.address, std::move(password), std::move(done));
      };
  const auto answer = co_await ask<Doorkeeper::LogIn>(site, connection.waiter(), question, Clock::now() + kLogInWithin);
  if (answer && answer->entry == Doorkeeper::Entry::kRefused)
    NESTBOX_LOG_WARNING("web", "a wrong password from {}", request.address);
  auto reply = answer ? reply_to(*answer, request) : log_in_page(request, 503, "The box is busy. Please try again.");
  co_await connection.send(reply);
}

asio::awaitable<void> log_out(Connection& connection, Site& site, const Request& request) {
  auto reply = redirect("/");
  if (request.visitor.standing == Standing::kSession) {
    site.ports.doorkeeper.log_out(request.visitor.session);
    site.hang_up(request.visitor.session, connection);
    reply.head.more.emplace_back("Set-Cookie", session_cookie("", request.secure));
  }
  co_await connection.send(reply);
}

asio::awaitable<void> serve_session(Connection& connection, const Site&, const Request& request) {
  ReplyHead head;
  const auto csrf = csrf_token(with_visit(request, head));
  auto reply = json_reply(200, nlohmann::json{{"access", word(request.visitor.standing)}, {"csrf", csrf}}.dump());
  reply.head.more = std::move(head.more);
  co_await connection.send(reply);
}

}  // namespace nestbox::web
