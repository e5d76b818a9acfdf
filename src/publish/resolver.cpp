#include "resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>

#include "nestbox/base/file.h"
#include "nestbox/base/mutex.h"
#include "nestbox/base/thread.h"

namespace nestbox::publish {

struct Resolver::Shared {
  Mutex mutex;
  Condition changed;
  bool cancelled GUARDED_BY(mutex) = false;
  bool in_flight GUARDED_BY(mutex) = false;
  std::optional<int> code GUARDED_BY(mutex);  ///< of getaddrinfo(), not yet fetched
};

namespace {

int code_of(const std::string& host, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (found != nullptr) freeaddrinfo(found);
  return code;
}

NameVerdict verdict_of(int code) {
  if (code == 0) return NameVerdict::kFound;
  if (!has_network()) return NameVerdict::kNoNetwork;
  return code == EAI_NONAME || code == EAI_NODATA ? NameVerdict::kNoSuchName : NameVerdict::kNoAnswer;
}

// Connecting a datagram socket sends nothing; it only asks for a route.
bool has_route(const sockaddr* to, socklen_t bytes) noexcept {
  const FileDescriptor probe(socket(to->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return probe && connect(probe.get(), to, bytes) == 0;
}

}  // namespace

Resolver::Resolver() : shared_(std::make_shared<Shared>()) {}
Resolver::~Resolver() = default;

NameVerdict Resolver::look_up(const std::string& host, BootTime deadline) {
  if (code_of(host, AI_NUMERICHOST) == 0) return NameVerdict::kFound;
  Lock lock(shared_->mutex);
  if (!shared_->in_flight) {
    shared_->in_flight = true;
    shared_->code.reset();
    NamedThread thread("resolve", [shared = shared_, host] {
      const int code = code_of(host, 0);
      Lock inner(shared->mutex);
      shared->in_flight = false;
      shared->code = code;
      shared->changed.notify_all();
    });
    thread.abandon();  // it ends by itself; the only thing that outlives us is what it holds
  }
  while (!shared_->cancelled && !shared_->code) {
    const auto left = deadline - BootClock::now();
    if (left <= left.zero()) return has_network() ? NameVerdict::kNoAnswer : NameVerdict::kNoNetwork;
    shared_->changed.wait_for(shared_->mutex, left);
  }
  if (shared_->cancelled) return NameVerdict::kCancelled;
  const int code = *shared_->code;
  shared_->code.reset();
  return verdict_of(code);
}

void Resolver::cancel() noexcept {
  Lock lock(shared_->mutex);
  shared_->cancelled = true;
  shared_->changed.notify_all();
}

bool has_network() noexcept {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(9);
  v4.sin_addr.s_addr = htonl(0xC0000201);  // 192.0.2.1, for documentation (RFC 5737): only a default route covers it
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(9);
  inet_pton(AF_INET6, "2001:db8::1", &v6.sin6_addr);  // likewise (RFC 3849)
  return has_route(reinterpret_cast<const sockaddr*>(&v4), sizeof v4) ||
         has_route(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
}

}  // namespace nestbox::publish
