#pragma once
/// Debian's nginx with its RTMP module, and stunnel in front of it with certificates made for the occasion.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "support/rtmp_process.h"
#include "support/temporary_folder.h"

namespace nestbox {

inline constexpr const char* kRtmpModule = "/usr/lib/nginx/modules/ngx_rtmp_module.so";

/// Empty, or why these tests cannot run here.
inline std::string rtmp_server_missing() {
  if (!std::filesystem::exists(kRtmpModule)) return std::string(kRtmpModule) + " (libnginx-mod-rtmp) is not installed";
  return {};
}

class RtmpServer {
 public:
  /// Listens on the loopback, or in the network namespace at all addresses.
  explicit RtmpServer(const std::string& network_namespace = {})
      : namespace_(network_namespace), port_(network_namespace.empty() ? free_port() : 1935) {
    std::ofstream(folder_.path() / "nginx.conf")
        << fmt::format(R"(
daemon off; master_process off; worker_processes 1; pid {0}/nginx.pid; error_log {0}/error.log info;
load_module {1};
events {{ worker_connections 256; }}
rtmp {{
  access_log off;
  server {{ listen {2}{3}; chunk_size 4096; ping 60s; ping_timeout 30s;
    application live {{ live on; wait_key off; interleave on; drop_idle_publisher 10s; }} }}
}}
)",
                       folder_.path().string(), kRtmpModule, network_namespace.empty() ? "127.0.0.1:" : "", port_);
    start();
  }

  void start() {
    std::vector<std::string> command{
        "nginx", "-p", folder_.path(), "-c", folder_.path() / "nginx.conf", "-e", folder_.path() / "error.log"};
    if (!namespace_.empty()) command.insert(command.begin(), {"ip", "netns", "exec", namespace_});
    process_ = std::make_unique<ChildProcess>(command, folder_.path() / "output.log");
    if (namespace_.empty()) {
      seconds_until([this] { return listens(port_); });
    } else {
      seconds_until([this] { return std::filesystem::exists(folder_.path() / "nginx.pid"); });
    }
  }
  void kill() { process_->end(SIGKILL); }
  void freeze() { process_->signal(SIGSTOP); }
  void thaw() { process_->signal(SIGCONT); }

  int port() const { return port_; }
  std::string url(const std::string& host = "127.0.0.1") const { return fmt::format("rtmp://{}:{}/live", host, port_); }
  std::string log() const { return read_file(folder_.path() / "error.log", 16U << 20U).value_or(""); }

 private:
  const std::string namespace_;
  const TemporaryFolder folder_;
  const int port_;
  std::unique_ptr<ChildProcess> process_;
};

/// A certificate authority and the certificates it signs, made by openssl.
class Authority {
 public:
  Authority() {
    openssl("req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=test-authority -keyout ca.key -out ca.pem");
  }
  enum class Validity { kGood, kExpired };
  /// NAME.pem holds key and certificate for `host`.
  std::string issue(const std::string& name, const std::string& host, Validity validity = Validity::kGood) {
    std::ofstream(path(name + ".ext")) << "subjectAltName=DNS:" << host << "\n";
    openssl(fmt::format("req -newkey rsa:2048 -nodes -subj /CN={0} -keyout {1}.key -out {1}.csr", host, name));
    const std::string dates =
        validity == Validity::kGood ? "-days 30" : "-not_before 20200101000000Z -not_after 20200201000000Z";
    sign(name, dates);
    return join(name);
  }
  std::string issue_self_signed(const std::string& name, const std::string& host) {
    openssl(
        fmt::format("req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN={0} -addext subjectAltName=DNS:{0} "
                    "-keyout {1}.key -out {1}.crt",
                    host, name));
    return join(name);
  }
  std::string ca_file() const { return path("ca.pem"); }

 private:
  std::string path(const std::string& name) const { return folder_.path() / name; }
  bool openssl(const std::string& arguments) const {
    return run({"sh", "-c", "cd " + folder_.path().string() + " && exec openssl " + arguments});
  }
  void sign(const std::string& name, const std::string& dates) const {
    if (dates.starts_with("-days")) {
      openssl(fmt::format(
          "x509 -req -in {0}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile {0}.ext {1} -out {0}.crt", name,
          dates));
      return;
    }
    // `openssl x509` of OpenSSL 3.0 knows no dates in the past; `openssl ca` does.
    std::ofstream(path("index.txt"));
    std::ofstream(path("serial")) << "1000\n";
    std::ofstream(path("ca.conf")) << "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\n"
                                      "default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n";
    openssl(
        fmt::format("ca -batch -config ca.conf -cert ca.pem -keyfile ca.key -in {0}.csr -out {0}.crt -extfile {0}.ext "
                    "-startdate 20200101000000Z -enddate 20200201000000Z",
                    name));
  }
  std::string join(const std::string& name) const {
    run({"sh", "-c", fmt::format("cd {0} && cat {1}.key {1}.crt > {1}.pem", folder_.path().string(), name)});
    return path(name + ".pem");
  }
  const TemporaryFolder folder_;
};

/// TLS on a port of its own, passed on in the clear to another.
class Stunnel {
 public:
  Stunnel(const std::string& certificate, int to_port) : port_(free_port()) {
    std::ofstream(folder_.path() / "stunnel.conf")
        << fmt::format("foreground = yes\npid =\n[rtmps]\naccept = 127.0.0.1:{}\nconnect = 127.0.0.1:{}\ncert = {}\n",
                       port_, to_port, certificate);
    process_ = std::make_unique<ChildProcess>(std::vector<std::string>{"stunnel", folder_.path() / "stunnel.conf"},
                                              folder_.path() / "output.log");
    seconds_until([this] { return listens(port_); });
  }
  void freeze() { process_->signal(SIGSTOP); }
  std::string url(const std::string& host = "localhost") const {
    return fmt::format("rtmps://{}:{}/live", host, port_);
  }

 private:
  const TemporaryFolder folder_;
  const int port_;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace nestbox
