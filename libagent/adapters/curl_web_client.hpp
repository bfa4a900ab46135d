#pragma once

#include "libagent/ports/web_client.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace libagent {

struct curl_web_client_options {
  /// PEM file of the authorities to trust; empty: the system's.
  std::string ca_file;
  /// Connections kept open between calls. An idle one costs a descriptor and a few KB, with TLS
  /// some tens of KB.
  std::size_t idle_connections_max = 1'024;
  /// Calls under way; more are refused with `overloaded`.
  std::size_t calls_max = 16'384;
  std::size_t head_bytes_max = 64U << 10U;
  /// Runs on the client's thread before all else, for instance to set its priority.
  std::function<void()> on_thread_start;
};

/// A `web_client` of libcurl: one thread that sleeps in epoll, whatever the number of calls.
///
/// Speaks HTTP/1.1, so that a paused or cancelled call has a connection of its own to pause or to
/// close. Servers have to prove who they are; there is no way around that but `ca_file`. A call
/// whose kept connection turns out to be dead is sent once more on a new one, when no byte of an
/// answer came. The errors of the port, and `overloaded` beyond `calls_max`, `corrupt` for an
/// answer that is not HTTP. A callback may hold the last reference: then the rest ends after it.
class curl_web_client final : public web_client {
public:
  explicit curl_web_client(curl_web_client_options options = {});
  curl_web_client(const curl_web_client&) = delete;
  curl_web_client& operator=(const curl_web_client&) = delete;
  ~curl_web_client() override;

  void start(web_call call) override;

private:
  class loop_thread;
  std::shared_ptr<loop_thread> loop_;
};

}  // namespace libagent
