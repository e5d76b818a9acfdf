#include "disk_health.h"

#include <cerrno>

namespace nestbox::record {
namespace {

RecordStatus::State state_of(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return RecordStatus::State::kFull;
    case EROFS:
      return RecordStatus::State::kReadOnly;
    default:
      return RecordStatus::State::kFailed;
  }
}

}  // namespace

ErrorKind kind_of_disk_error(int error_number) noexcept {
  return error_number == ENOSPC || error_number == EDQUOT ? ErrorKind::kExhausted : ErrorKind::kUnavailable;
}

void DiskHealth::failed(int error_number, const std::filesystem::path& folder, const std::string& message) {
  Lock lock(mutex_);
  state_ = state_of(error_number);
  failure_ = {folder, BootClock::now()};
  last_error_ = message;
}

void DiskHealth::works() {
  Lock lock(mutex_);
  state_ = RecordStatus::State::kOk;
}

std::optional<DiskHealth::Failure> DiskHealth::failure() const {
  Lock lock(mutex_);
  if (state_ == RecordStatus::State::kOk) return std::nullopt;
  return failure_;
}

RecordStatus::State DiskHealth::state(BootTime now) const {
  Lock lock(mutex_);
  if (state_ != RecordStatus::State::kOk) return state_;
  const auto busy = disk_.busy_for(now);
  const BootTime slow_at{BootClock::duration(slow_at_ns_)};
  const bool slow = (busy && *busy > kSlowCall) || now < slow_at + kSlowFor;
  return slow ? RecordStatus::State::kSlow : RecordStatus::State::kOk;
}

std::string DiskHealth::last_error() const {
  Lock lock(mutex_);
  return last_error_;
}

}  // namespace nestbox::record
