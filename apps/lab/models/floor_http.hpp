#pragma once

#include "libagent/base/expected.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace libagent::lab {

/// Posts JSON to one server with libcurl's multi interface, on one thread. Thread safety: `post`
/// from any thread.
class floor_http {
public:
  using on_reply = std::function<void(expected<std::string> body)>;

  floor_http(std::uint16_t port, std::size_t connections);
  floor_http(const floor_http&) = delete;
  floor_http& operator=(const floor_http&) = delete;
  ~floor_http();

  /// Calls back on its thread, with the body of a 200.
  void post(std::string body, on_reply done);

private:
  class loop;
  std::unique_ptr<loop> loop_;
};

}  // namespace libagent::lab
