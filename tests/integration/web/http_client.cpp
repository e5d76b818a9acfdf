#include "http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <sstream>

namespace nestbox::test {
namespace {

constexpr int kPatienceMs = 15'000;

FileDescriptor connect_to(std::uint16_t port, std::string_view host) {
  const bool v6 = host.find(':') != std::string_view::npos;
  FileDescriptor fd(::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(port);
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(port);
  inet_pton(v6 ? AF_INET6 : AF_INET, std::string(host).c_str(),
            v6 ? static_cast<void*>(&six.sin6_addr) : static_cast<void*>(&four.sin_addr));
  const void* address = v6 ? static_cast<const void*>(&six) : static_cast<const void*>(&four);
  if (::connect(fd.get(), static_cast<const sockaddr*>(address), v6 ? sizeof six : sizeof four) != 0) return {};
  return fd;
}

}  // namespace

HttpClient::HttpClient(std::uint16_t port, std::string_view host) : socket_(connect_to(port, host)) {}

bool HttpClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool HttpClient::ask(std::string_view path, std::string_view method, std::string_view more_headers) {
  std::ostringstream request;
  request << method << ' ' << path << " HTTP/1.1\r\nHost: localhost\r\n" << more_headers << "\r\n";
  return send(request.str());
}

bool HttpClient::fill() {
  pollfd readable{socket_.get(), POLLIN, 0};
  if (::poll(&readable, 1, kPatienceMs) != 1) return false;
  std::array<char, 16384> bytes{};
  const auto count = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
  if (count <= 0) return false;
  inbox_.append(bytes.data(), static_cast<std::size_t>(count));
  return true;
}

std::string HttpClient::read_until(std::string_view mark) {
  std::size_t at = 0;
  while ((at = inbox_.find(mark)) == std::string::npos)
    if (!fill()) return take(inbox_.size());
  return take(at + mark.size());
}

std::string HttpClient::take(std::size_t bytes) {
  while (inbox_.size() < bytes && fill()) {
  }
  auto taken = inbox_.substr(0, bytes);
  inbox_.erase(0, bytes);
  return taken;
}

HttpReply HttpClient::reply_head() {
  HttpReply reply;
  std::istringstream head(read_until("\r\n\r\n"));
  std::string version, line;
  head >> version >> reply.status;
  std::getline(head, line);
  while (std::getline(head, line) && line != "\r") {
    const auto colon = line.find(": ");
    if (colon == std::string::npos) break;
    auto name = line.substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    auto value = line.substr(colon + 2);
    while (!value.empty() && value.back() == '\r') value.pop_back();
    reply.headers[name] = value;
  }
  return reply;
}

std::string HttpClient::chunk() {
  const auto size_line = read_until("\r\n");
  if (size_line.empty()) return {};
  const auto bytes = std::stoul(size_line, nullptr, 16);
  auto data = take(bytes);
  take(2);
  return data;
}

HttpReply HttpClient::reply(Body body) {
  auto reply = reply_head();
  if (body == Body::kNone || reply.status == 0) return reply;
  if (const auto length = reply.headers.find("content-length"); length != reply.headers.end()) {
    reply.body = take(std::stoul(length->second));
  } else if (reply.headers["transfer-encoding"] == "chunked") {
    for (auto part = chunk(); !part.empty(); part = chunk()) reply.body += part;
  }
  return reply;
}

bool HttpClient::closes_within(std::chrono::milliseconds within) {
  const auto deadline = std::chrono::steady_clock::now() + within;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd readable{socket_.get(), POLLIN, 0};
    if (::poll(&readable, 1, static_cast<int>(left.count())) != 1) return false;
    std::array<char, 16384> bytes{};
    if (::recv(socket_.get(), bytes.data(), bytes.size(), 0) <= 0) return true;
  }
}

HttpReply get(std::uint16_t port, std::string_view path, std::string_view more_headers) {
  HttpClient client(port);
  client.ask(path, "GET", more_headers);
  return client.reply();
}

}  // namespace nestbox::test
