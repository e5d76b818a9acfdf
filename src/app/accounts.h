#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "auth_file.h"
#include "jobs.h"
#include "nestbox/base/clock.h"
#include "nestbox/base/mutex.h"
#include "nestbox/options/ports.h"
#include "nestbox/rules/try_limit.h"

namespace nestbox {

/// The page's password and sessions. Passwords are hashed and files written on the jobs thread; one password at a time.
/// Thread-safe.
class Accounts : public Doorkeeper {
 public:
  struct Clocks {
    std::function<BootTime()> boot = BootClock::now;
    std::function<WallTime()> wall = wall_now;
  };
  static constexpr std::size_t kSessionsMax = 32;  ///< one more: the one that was not used for longest ends

  explicit Accounts(Jobs& jobs) : Accounts(jobs, Clocks()) {}
  Accounts(Jobs& jobs, Clocks clocks) : jobs_(jobs), clocks_(std::move(clocks)) {}

  /// Takes up auth.json in the state folder; "" for none, and then nothing can be kept. Errors as read_auth_file: there
  /// is no password then, until one is set.
  Result<void> open(const std::filesystem::path& state) EXCLUDES(mutex_);
  /// Ends every session. `done` runs on the jobs thread, or at once when that is too busy; on errors the old password
  /// and sessions stay.
  void set_password(const Secret& password, const std::function<void(Result<void>)>& done) EXCLUDES(mutex_);

  bool has_password() const override EXCLUDES(mutex_);
  void log_in(const std::string& address, Secret password, std::function<void(LogIn)> done) override EXCLUDES(mutex_);
  bool knows(const std::string& session) override EXCLUDES(mutex_);
  void log_out(const std::string& session) override EXCLUDES(mutex_);

 private:
  Result<void> change_password(const Secret& password) EXCLUDES(mutex_);
  /// Nothing: the password may be looked at now.
  std::optional<LogIn> must_wait(const std::string& address) EXCLUDES(mutex_);
  LogIn try_password(const std::string& address, const Secret& password) EXCLUDES(mutex_);
  std::string begin_session() REQUIRES(mutex_);
  void end_old_sessions() REQUIRES(mutex_);
  std::int64_t seconds_now() const;
  void save_later() EXCLUDES(mutex_);
  void save() EXCLUDES(mutex_);

  Jobs& jobs_;
  const Clocks clocks_;
  mutable Mutex mutex_;
  std::filesystem::path file_ GUARDED_BY(mutex_);
  AuthFile content_ GUARDED_BY(mutex_);
  TryLimit tries_ GUARDED_BY(mutex_);
  bool trying_ GUARDED_BY(mutex_) = false;
  bool save_waits_ GUARDED_BY(mutex_) = false;
};

}  // namespace nestbox
