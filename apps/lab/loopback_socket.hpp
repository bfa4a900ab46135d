#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace libagent::lab {

/// A TCP connection to a port of this machine.
class loopback_socket {
public:
  loopback_socket() = default;

  explicit loopback_socket(int descriptor) : descriptor_{descriptor} {}

  loopback_socket(const loopback_socket&) = delete;
  loopback_socket& operator=(const loopback_socket&) = delete;

  loopback_socket(loopback_socket&& other) noexcept
      : descriptor_{std::exchange(other.descriptor_, -1)} {}

  loopback_socket& operator=(loopback_socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }

  ~loopback_socket();

  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }

  [[nodiscard]] int descriptor() const { return descriptor_; }

  /// Whether the kernel took all of it at once, as it does with a few bytes.
  [[nodiscard]] bool send(std::string_view bytes) const;

private:
  int descriptor_ = -1;
};

/// Without Nagle's delay; not open when nobody listens there.
[[nodiscard]] loopback_socket connect_loopback(std::uint16_t port);

}  // namespace libagent::lab
