#pragma once
/// The page and its routes: docs/api.md. Its own thread and io_context, where nothing blocks; another one reads files.
#include <functional>
#include <memory>
#include <string>

#include "nestbox/base/result.h"
#include "nestbox/base/thread.h"
#include "nestbox/media/packet_hub.h"
#include "nestbox/options/options.h"
#include "nestbox/options/ports.h"

namespace nestbox {

/// Whether web.listen can be reached from other machines; false too for what is no address.
bool listens_beyond_loopback(const std::string& listen);
/// The same port on this machine alone: "127.0.0.1:8080" for "0.0.0.0:8080".
std::string on_loopback(const std::string& listen);

/// Thread-safe. The ports must outlive join.
class WebServer {
 public:
  struct Ports {
    CallHandler& calls;           ///< /api/v1/...: the same bodies as the command line's
    PictureTaker& pictures;       ///< /snapshot and /stream
    PacketHub& packets;           ///< /live.mp4: the encoder's own packets
    Doorkeeper& doorkeeper;       ///< who may come in from other machines
    RecordingOpener& recordings;  ///< clips and photographs of visits
  };
  /// Binds and listens. Beyond loopback only while there is a password, and then every route asks for it as its Access
  /// (routes.h) says. Errors: kNotFound without a password; kUnavailable when the address is taken, with the holder
  /// where it is known; kInvalidArgument for a certificate that does not load.
  static Result<std::unique_ptr<WebServer>> open(const WebOptions& options, Ports ports);
  ~WebServer();

  /// "http://127.0.0.1:8080/", with the port the system gave for port 0.
  std::string address() const;
  void request_stop() noexcept;
  [[nodiscard]] bool join_until(BootTime deadline);
  void abandon();
  const Heartbeat& heartbeat() const;

 private:
  class Impl;
  explicit WebServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nestbox
