#pragma once

#include <unistd.h>
#include <utility>

namespace libagent {

/// A file descriptor that is closed at the end of its owner's life. Empty (-1) when moved from.
/// Thread safety: none.
class owned_descriptor {
public:
  owned_descriptor() = default;

  explicit owned_descriptor(int number) : number_{number} {}

  owned_descriptor(owned_descriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}

  owned_descriptor& operator=(owned_descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }

  owned_descriptor(const owned_descriptor&) = delete;
  owned_descriptor& operator=(const owned_descriptor&) = delete;

  ~owned_descriptor() { reset(); }

  [[nodiscard]] int get() const { return number_; }

  [[nodiscard]] bool is_open() const { return number_ >= 0; }

  void reset() {
    if (is_open())
      ::close(std::exchange(number_, -1));
  }

private:
  int number_ = -1;
};

}  // namespace libagent
