#include "accounts.h"

#include <algorithm>
#include <utility>

#include "nestbox/base/log.h"
#include "password_hash.h"

namespace nestbox {
namespace {

using std::chrono::seconds;

constexpr auto kAccounts = "accounts";
// The use of a session is written down once a day, to spare the card.
constexpr seconds kWriteUseEvery = std::chrono::hours(24);

seconds whole_seconds(std::chrono::nanoseconds wait) {
  return std::max(std::chrono::ceil<seconds>(wait), seconds(1));
}

Doorkeeper::LogIn later(std::chrono::nanoseconds wait) {
  return {Doorkeeper::Entry::kLater, {}, whole_seconds(wait)};
}

}  // namespace

Result<void> Accounts::open(const std::filesystem::path& state) {
  const auto file = state.empty() ? std::filesystem::path() : state / "auth.json";
  auto content = state.empty() ? Result<AuthFile>(AuthFile()) : read_auth_file(file);
  Lock lock(mutex_);
  file_ = file;
  content_ = content ? std::move(*content) : AuthFile();
  end_old_sessions();
  if (!content) return tl::unexpected<Error>(content.error());
  return {};
}

bool Accounts::has_password() const {
  Lock lock(mutex_);
  return !content_.password_hash.empty();
}

void Accounts::set_password(const Secret& password, const std::function<void(Result<void>)>& done) {
  const auto posted = jobs_.post([this, password, done] { done(change_password(password)); });
  if (!posted) done(tl::unexpected<Error>(posted.error()));
}

Result<void> Accounts::change_password(const Secret& password) {
  auto hash = hash_password(password);
  if (!hash) return tl::unexpected<Error>(hash.error());
  AuthFile content{std::move(*hash), {}};
  Lock lock(mutex_);
  if (file_.empty()) return fail(ErrorKind::kUnavailable, "the state folder is not there, so no password can be kept");
  if (auto written = write_auth_file(file_, content); !written) return written;
  content_ = std::move(content);
  tries_ = TryLimit();  // who had to wait for the old one begins anew
  return {};
}

void Accounts::log_in(const std::string& address, Secret password, std::function<void(LogIn)> done) {
  if (const auto wait = must_wait(address)) return done(*wait);
  const auto posted = jobs_.post([this, address, password = std::move(password), done]() mutable {
    const auto answer = try_password(address, std::exchange(password, Secret()));
    done(answer);
    if (answer.entry == Entry::kAdmitted) save();
  });
  if (posted) return;
  {
    Lock lock(mutex_);
    trying_ = false;
    tries_.withdrawn(address);
  }
  done(later(seconds(1)));
}

std::optional<Doorkeeper::LogIn> Accounts::must_wait(const std::string& address) {
  Lock lock(mutex_);
  if (trying_) return later(seconds(1));
  if (const auto wait = tries_.admit(address, clocks_.boot()); wait > std::chrono::nanoseconds(0)) return later(wait);
  trying_ = true;
  return std::nullopt;
}

// The jobs thread is one, so the hash is not changed between the look at it and the session.
Doorkeeper::LogIn Accounts::try_password(const std::string& address, const Secret& password) {
  std::string hash;
  {
    Lock lock(mutex_);
    hash = content_.password_hash;
  }
  const bool right = is_password(hash, password);
  Lock lock(mutex_);
  trying_ = false;
  if (!right) return {Entry::kRefused, {}, seconds(0)};
  tries_.succeeded(address, clocks_.boot());
  return {Entry::kAdmitted, begin_session(), seconds(0)};
}

std::string Accounts::begin_session() {
  auto token = new_session_token();
  content_.sessions[hash_of_token(token)] = seconds_now();
  if (content_.sessions.size() > kSessionsMax)
    content_.sessions.erase(std::min_element(content_.sessions.begin(), content_.sessions.end(),
                                             [](const auto& a, const auto& b) { return a.second < b.second; }));
  return token;
}

bool Accounts::knows(const std::string& session) {
  bool write = false;
  {
    Lock lock(mutex_);
    end_old_sessions();
    const auto found = content_.sessions.find(hash_of_token(session));
    if (found == content_.sessions.end()) return false;
    const auto now = seconds_now();
    // A clock that was set back makes the last use lie ahead: the new time holds.
    write = now - found->second >= kWriteUseEvery.count() || now < found->second;
    if (write) found->second = now;
  }
  if (write) save_later();
  return true;
}

void Accounts::log_out(const std::string& session) {
  {
    Lock lock(mutex_);
    content_.sessions.erase(hash_of_token(session));
  }
  save_later();
}

void Accounts::end_old_sessions() {
  const auto oldest = seconds_now() - seconds(kSessionLife).count();
  std::erase_if(content_.sessions, [oldest](const auto& session) { return session.second <= oldest; });
}

std::int64_t Accounts::seconds_now() const {
  return std::chrono::duration_cast<seconds>(clocks_.wall().time_since_epoch()).count();
}

void Accounts::save_later() {
  {
    Lock lock(mutex_);
    if (std::exchange(save_waits_, true)) return;
  }
  const auto posted = jobs_.post([this] { save(); });
  if (posted) return;
  NESTBOX_LOG_WARNING(kAccounts, "sessions are written down with the next change: {}", posted.error().message);
  Lock lock(mutex_);
  save_waits_ = false;
}

void Accounts::save() {
  AuthFile content;
  std::filesystem::path file;
  {
    Lock lock(mutex_);
    save_waits_ = false;
    content = content_;
    file = file_;
  }
  if (file.empty()) return;
  if (const auto written = write_auth_file(file, content); !written)
    NESTBOX_LOG_WARNING(kAccounts, "sessions are forgotten at the next start: {}", written.error().message);
}

}  // namespace nestbox
