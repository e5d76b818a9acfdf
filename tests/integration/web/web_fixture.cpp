/// web_fixture [LISTEN] [WIDTHxHEIGHT] [FOLDER]: the page with a synthetic camera behind it, for the page's own tests.
/// Prints the address, then takes orders on standard input, one a line: freeze, resume, restart, status JSON, focus
/// JSON, wanted?, looks? (how often the focus was asked for), orders? (what the page wanted changed), visits JSON (as
/// VisitBook takes it; their recordings lie in FOLDER), lists? (how often a list of visits was asked for), quit.
#include <cstdio>
#include <iostream>
#include <string>

#include "nestbox/base/mutex.h"
#include "nestbox/web/web_server.h"
#include "recordings_folder.h"
#include "synthetic_stream.h"
#include "visit_book.h"

namespace {

class StatusTeller final : public nestbox::CallHandler {
 public:
  void set(std::string json) {
    nestbox::Lock lock(mutex_);
    json_ = std::move(json);
  }
  void set_focus(std::string json) {
    nestbox::Lock lock(mutex_);
    focus_json_ = std::move(json);
  }
  int looks() {
    nestbox::Lock lock(mutex_);
    return looks_;
  }
  std::string orders() {
    nestbox::Lock lock(mutex_);
    return orders_;
  }
  nestbox::test::VisitBook& visits() { return visits_; }
  void call(nestbox::Call call, std::function<void(nestbox::Answer)> done) override {
    nestbox::Answer answer;
    if (call.command != "status" && call.command != "focus") {
      answer = visits_.answer(call);
    } else {
      nestbox::Lock lock(mutex_);
      answer.json = call.command == "focus" ? focus(call.arguments_json) : json_;
    }
    done(std::move(answer));
  }

 private:
  std::string focus(const std::string& arguments) REQUIRES(mutex_) {
    if (arguments.find("action") == std::string::npos) {
      ++looks_;
      return focus_json_;
    }
    orders_ += arguments;
    return "{}";
  }

  nestbox::test::VisitBook visits_;
  nestbox::Mutex mutex_;
  int looks_ GUARDED_BY(mutex_) = 0;
  std::string orders_ GUARDED_BY(mutex_);
  std::string focus_json_ GUARDED_BY(mutex_) =
      R"({"light":"day","sharpness":34.2,"peak":41.0,"peaks":{"day":41.0,"infrared":null},"focus_measure":null,
"focus_measure_peak":null,"lens":null,"width":1280,"height":720,"crop_width":480,"crop_height":360})";
  std::string json_ GUARDED_BY(mutex_) =
      R"({"version":"0.1.0","name":"owl-box","state":"ok","uptime_s":273600,"clock_synchronised":true,"mode":"day",
"camera":{"source":"libcamera:imx708","state":"running","width":1280,"height":720,"fps":30.0,"frames":1,"rebuilds":0,"last_error":null},
"encoder":{"codec":"libx264","state":"running","bitrate_bps":3000000,"frames":1},
"outputs":[{"name":"youtube","state":"live","bytes":1,"lag_s":0.1,"reconnects":0,"packets_dropped":0,"retry_in_s":null,"last_error":null}],
"problems":[]})";
};

/// Nobody is let in from elsewhere: the fixture stays on loopback.
class ShutDoor final : public nestbox::Doorkeeper {
 public:
  bool has_password() const override { return false; }
  void log_in(const std::string&, nestbox::Secret, std::function<void(LogIn)> done) override { done({}); }
  bool knows(const std::string&) override { return false; }
  void log_out(const std::string&) override {}
};

}  // namespace

int main(int argc, char** argv) {
  nestbox::WebOptions options;
  options.listen = argc > 1 ? argv[1] : "127.0.0.1:0";
  nestbox::test::SyntheticStream::Shape shape;
  if (argc > 2 && std::sscanf(argv[2], "%dx%d", &shape.width, &shape.height) != 2) {
    std::cerr << "web_fixture: \"" << argv[2] << "\" is not WIDTHxHEIGHT\n";
    return 2;
  }
  StatusTeller status;
  ShutDoor door;
  nestbox::test::RecordingsFolder recordings(argc > 3 ? argv[3] : "/nonexistent");
  nestbox::PacketHub hub([] {});
  nestbox::test::SyntheticStream stream(hub, shape);
  auto server = nestbox::WebServer::open(options, {status, stream, hub, door, recordings});
  if (!server) {
    std::cerr << "web_fixture: " << server.error().message << "\n";
    return 1;
  }
  std::cout << (*server)->address() << std::endl;

  for (std::string line; std::getline(std::cin, line) && line != "quit";) {
    if (line == "freeze")
      stream.freeze();
    else if (line == "resume")
      stream.resume();
    else if (line == "restart")
      stream.restart();
    else if (line.rfind("status ", 0) == 0)
      status.set(line.substr(7));
    else if (line.rfind("focus ", 0) == 0)
      status.set_focus(line.substr(6));
    else if (line.rfind("visits ", 0) == 0)
      status.visits().fill(line.substr(7));
    else if (line == "lists?")
      std::cout << status.visits().lists() << std::endl;
    else if (line == "looks?")
      std::cout << status.looks() << std::endl;
    else if (line == "orders?")
      std::cout << status.orders() << std::endl;
    else if (line == "wanted?")
      std::cout << (hub.wanted() ? "yes" : "no") << std::endl;
    else
      std::cerr << "web_fixture: what is \"" << line << "\"?\n";
  }
  return 0;
}
